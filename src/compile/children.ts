/** The two forms of an architecture's network before compilation: its slice, and the masked supernet that the slice must equal. */
import { atMaximum, applyMask, mask } from "../supernet/mask.js";
import { boxesOf, slice } from "../supernet/slice.js";
import type { Supernet } from "../supernet/supernet.js";
import type { SharedWeights } from "../supernet/weights.js";
import type { Architecture } from "../space/space.js";
import { nodesOf, parametersOf } from "../graph/graph.js";
import type { Child } from "./child.js";
import { lower } from "./lower.js";
import { recalibration, type Statistics } from "./recalibration.js";

const weightOf = (weights: SharedWeights, name: string): Float32Array => {
  const array = weights.get(name);
  if (!array) throw new Error(`internal: the checkpoint has no ${name}`);
  return array;
};

/** The plain graph of an architecture with its part of the shared weights. Copies no weights. */
export function slicedChild(
  { graph, ...supernet }: Supernet,
  shared: SharedWeights,
  architecture: Architecture,
): Child<"trained"> {
  const setting = supernet.settingOf(architecture);
  const sliced = slice(graph, setting);
  const weights = [...boxesOf(graph, sliced, setting)].map(
    ([name, box]) => [name, { shared: weightOf(shared, name), box }] as const,
  );
  return { graph: sliced, weights: new Map(weights) };
}

/**
 * The whole supernet with an architecture's masks and a child's statistics, which must compute the same as the slice.
 */
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
  const whole = lower.run({ graph: atMaximum(graph), weights: new Map(weights) }).child;
  // Masked channels and closed branches have no statistics. Their gamma and beta are 0, so any values will do.
  const filled = nodesOf(whole.graph, "moments").flatMap(({ out: { mean, variance } }) =>
    [mean, variance].map(({ name, channels }) => {
      const full = new Float32Array(channels).fill(name === mean.name ? 0 : 1);
      full.set(statistics.get(name) ?? []);
      return [name, full] as const;
    }),
  );
  return recalibration.absorb(whole, new Map(filled)).child;
}
