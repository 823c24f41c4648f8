/** What an architecture costs, computed from its graph without compiling it: MACs and parameters exactly, and the work that latency follows from. */
import { costOf, macsOf } from "../graph/analyses.js";
import { pixelsOf } from "../graph/extents.js";
import { facts } from "../graph/facts.js";
import { valuesOutOf } from "../graph/graph.js";
import { inferExtents } from "../graph/shapes.js";
import type { Architecture } from "../space/space.js";
import { slice } from "../supernet/slice.js";
import type { Supernet } from "../supernet/supernet.js";

export interface Plan {
  readonly macs: number;
  readonly parameters: number;
  /** One number for each name of `workNames`. */
  readonly work: readonly number[];
}

/** A constant, the two kinds of MACs (they run at other speeds), numbers written, and calls of an operator. */
export const workNames = ["constant", "dense MACs", "depthwise MACs", "written", "operators"] as const;

export function planOf(supernet: Supernet, architecture: Architecture): Plan {
  const { resolution } = architecture;
  const plain = slice(supernet.graph, supernet.settingOf(architecture));
  const { macs, parameters } = costOf(plain, resolution);
  const extents = inferExtents(plain, resolution);
  const operators = plain.nodes.filter(({ op }) => !facts[op].free);
  const depthwise = operators
    .filter(({ op }) => op === "depthwise")
    .reduce((sum, node) => sum + macsOf(node, extents), 0);
  const written = operators
    .flatMap((node) => valuesOutOf(node))
    .reduce((sum, value) => sum + value.channels * pixelsOf(extents, value), 0);
  return { macs, parameters, work: [1, macs - depthwise, depthwise, written, operators.length] };
}
