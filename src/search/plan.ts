/** What an architecture costs, computed from its graph without compiling it: MACs and parameters exactly, and the work that latency follows from. */
import { costOf, macsOf } from "../graph/analyses.js";
import { pixelsOf } from "../graph/extents.js";
import { facts } from "../graph/facts.js";
import { valuesOutOf } from "../graph/graph.js";
import { inferExtents } from "../graph/shapes.js";
import type { Architecture } from "../space/space.js";
import { slice } from "../supernet/slice.js";
import type { Supernet } from "../supernet/supernet.js";
import { layerCostsOf, type LayerCosts } from "./profile/layer-costs.js";

export interface Plan {
  readonly macs: number;
  readonly parameters: number;
  readonly work: Work;
  /** The same by kind of layer: what a device's profile predicts from. */
  readonly layers: LayerCosts;
}

/** What latency is predicted from, each with its own speed. */
export interface Work {
  readonly constant: 1;
  /** MACs of all but depthwise convolutions. */
  readonly denseMacs: number;
  readonly depthwiseMacs: number;
  /** Numbers of all values that operators write. */
  readonly written: number;
  /** Calls of an operator. */
  readonly operators: number;
}

export function planOf(supernet: Supernet, architecture: Architecture): Plan {
  const { resolution } = architecture;
  const plain = slice(supernet.graph, supernet.settingOf(architecture));
  const { macs, parameters } = costOf(plain, resolution);
  const extents = inferExtents(plain, resolution);
  const operators = plain.nodes.filter(({ op }) => !facts[op].free);
  const depthwiseMacs = operators
    .filter(({ op }) => op === "depthwise")
    .reduce((sum, node) => sum + macsOf(node, extents), 0);
  const written = operators
    .flatMap((node) => valuesOutOf(node))
    .reduce((sum, value) => sum + value.channels * pixelsOf(extents, value), 0);
  const denseMacs = macs - depthwiseMacs;
  const work: Work = { constant: 1, denseMacs, depthwiseMacs, written, operators: operators.length };
  return { macs, parameters, work, layers: layerCostsOf(plain, extents) };
}
