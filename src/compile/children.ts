/** The two forms of an architecture's network before compilation: its slice, and the masked supernet that the slice must equal. */
import { atMaximum, applyMask, mask } from "../supernet/mask.js";
import { boxesOf, slice } from "../supernet/slice.js";
import type { Supernet } from "../supernet/supernet.js";
import type { SharedWeights } from "../supernet/weights.js";
import type { Architecture } from "../space/space.js";
import { parametersOf } from "../graph/graph.js";
import { statisticsNames } from "./batch-statistics.js";
import type { Child } from "./child.js";
import { dropIdentities } from "./drop-identities.js";
import { useStatistics, type Statistics } from "./use-statistics.js";

const weightOf = (weights: SharedWeights, name: string): Float32Array => {
  const array = weights.get(name);
  if (!array) throw new Error(`internal: the checkpoint has no ${name}`);
  return array;
};

/** The plain graph of an architecture with its part of the shared weights, of which nothing is copied. */
export function slicedChild(
  { graph, ...supernet }: Supernet,
  shared: SharedWeights,
  architecture: Architecture,
): Child {
  const setting = supernet.settingOf(architecture);
  const sliced = slice(graph, setting);
  const weights = [...boxesOf(graph, sliced, setting)].map(
    ([name, box]) => [name, { shared: weightOf(shared, name), box }] as const,
  );
  return { graph: sliced, weights: new Map(weights) };
}

/** The whole supernet with an architecture's masks and a child's statistics: the other side of the contract. */
export function maskedChild(
  { graph, ...supernet }: Supernet,
  shared: SharedWeights,
  architecture: Architecture,
  statistics: Statistics,
): Child {
  const masks = mask(graph, supernet.settingOf(architecture));
  const weights = parametersOf(graph).map(
    (parameter) =>
      [parameter.name, applyMask(masks.get(parameter.name), parameter, weightOf(shared, parameter.name))] as const,
  );
  const whole = atMaximum(graph);
  // Masked channels and closed branches have no statistics: gamma and beta are 0 there, so any will do.
  const filled = new Map<string, Float32Array>();
  for (const node of whole.nodes) {
    if (node.op !== "batchNorm") continue;
    const length = weightOf(shared, node.in.gamma.name).length;
    for (const [key, name] of Object.entries(statisticsNames(node))) {
      const full = new Float32Array(length).fill(key === "mean" ? 0 : 1);
      full.set(statistics.get(name) ?? []);
      filled.set(name, full);
    }
  }
  return useStatistics(dropIdentities.run({ graph: whole, weights: new Map(weights) }), filled);
}
