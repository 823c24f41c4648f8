/**
 * Which weights are rounded where training rounds (`fakeQuantize`), and to what: per output channel, symmetrically,
 *
 *   w → round(w · (1 / scale)) · scale,  scale = largest |w| of the channel · (1 / (2^(bits − 1) − 1)), or 1 where that is 0
 *
 * in float32, rounding halves to even. The largest is of what a child uses of the weight. Its gradient is the shared weight's, unchanged
 * (straight-through).
 */
import type { ElasticGraph } from "./graph.js";

/** The weights that an int8 child holds in 8 bits, by name: of all layers but bypasses, whose ones are exact. */
export function roundedWeights({ nodes }: Pick<ElasticGraph, "nodes">): ReadonlySet<string> {
  const names = nodes.flatMap((node) => {
    if (node.op === "depthwise" && node.attributes.bypasses) return [];
    return node.op === "conv" || node.op === "depthwise" || node.op === "dense" ? [node.in.weight.name] : [];
  });
  return new Set(names);
}

/** The whole number that a channel's largest magnitude becomes: 127 of 8 bits. */
export const largestWhole = (bits: number): number => 2 ** (bits - 1) - 1;
