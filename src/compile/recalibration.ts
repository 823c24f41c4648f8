/**
 * Measured pass: batch norm recalibration, a child's own statistics from training images. Over batches of n_b of N images
 *   μ = Σ n_b μ_b / N,   σ² = Σ n_b σ_b² / N + (Σ n_b μ_b² / N − μ²)
 * where the second term is the variance between batches, which cumulative averages of BatchNorm2d leave out. The
 * results replace each `moments`, as parameters with the names of its outputs.
 */
import { nodesOf, type PlainGraph } from "../graph/graph.js";
import type { Node } from "../graph/operators.js";
import type { Parameter } from "../graph/values.js";
import type { Found, Measured, Note, Observation } from "./pass.js";

/** Mean and variance of each batch norm, by the names that `moments` gives them. */
export type Statistics = Found;

export const recalibration: Measured = {
  name: "recalibration",
  observe: (graph) => ({
    ...graph,
    outputs: nodesOf(graph, "moments").flatMap(({ out: { mean, variance } }) => [mean, variance]),
  }),
  conclude: statisticsOf,
  absorb({ graph, weights }, statistics) {
    const given = new Map<string, Parameter<number>>();
    const all = new Map(weights);
    const notes: Note[] = [];
    for (const { name, out } of nodesOf(graph, "moments")) {
      for (const { name, channels, dtype } of [out.mean, out.variance]) {
        const values = statistics.get(name);
        if (!values) throw new Error(`internal: no statistics ${name}`);
        given.set(name, { name, shape: [channels], dtype, initializer: "zeros", decay: false });
        all.set(name, values);
      }
      notes.push({ node: name, verdict: "rewrote", detail: "measured" });
    }
    const nodes = graph.nodes.flatMap((node): Node<"deployed", number>[] => {
      if (node.op === "moments") return [];
      if (node.op !== "batchNorm") return [node];
      const { mean, variance } = node.in;
      const kept = { mean: given.get(mean.name) ?? mean, variance: given.get(variance.name) ?? variance };
      return [{ ...node, in: { ...node.in, ...kept } }];
    });
    return { child: { graph: { ...graph, nodes }, weights: all }, notes };
  },
};

function statisticsOf(graph: PlainGraph<"deployed">, observations: readonly Observation[]): Statistics {
  const images = observations.reduce((sum, { count }) => sum + count, 0);
  /** Σ n_b x_b and Σ n_b x_b² per channel. */
  const total = (name: string): { sum: Float64Array; squares: Float64Array } => {
    const channels = observations[0]!.outputs.get(name)!.length;
    const [sum, squares] = [new Float64Array(channels), new Float64Array(channels)];
    for (const { count, outputs } of observations) {
      outputs.get(name)!.forEach((value, c) => {
        sum[c]! += count * value;
        squares[c]! += count * value * value;
      });
    }
    return { sum, squares };
  };
  const statistics = new Map<string, Float32Array>();
  for (const { out } of nodesOf(graph, "moments")) {
    const [means, variances] = [total(out.mean.name), total(out.variance.name)];
    statistics.set(
      out.mean.name,
      Float32Array.from(means.sum, (sum) => sum / images),
    );
    const between = means.squares.map((square, c) => Math.max(0, square / images - (means.sum[c]! / images) ** 2));
    statistics.set(
      out.variance.name,
      Float32Array.from(variances.sum, (within, c) => within / images + between[c]!),
    );
  }
  return statistics;
}
