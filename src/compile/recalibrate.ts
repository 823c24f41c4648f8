/**
 * Batch norm recalibration: a child's own statistics from training images, on onnxruntime. Over batches of n_b of N images
 *   μ = Σ n_b μ_b / N,   σ² = Σ n_b σ_b² / N + (Σ n_b μ_b² / N − μ²)
 * where the second term, the variance between batches, is what cumulative averages of BatchNorm2d leave out.
 */
import type { ImageBlock } from "../data/image-block.js";
import { toChannelsFirst } from "../data/make-batch.js";
import { withSession } from "../runtime/session.js";
import { batchStatistics, statisticsNames } from "./batch-statistics.js";
import type { Child } from "./child.js";
import { dropIdentities } from "./drop-identities.js";
import { emit } from "./emit.js";
import type { Statistics } from "./use-statistics.js";

/** Images that are normalised together, at most; batches differ by one image at most, so that none is left out. */
const BATCH = 100;

/** @param threads onnxruntime's; 0 for all cores */
export async function recalibrate(
  child: Child,
  { images, count, resolution, channels }: ImageBlock,
  threads = 0,
): Promise<Statistics> {
  const graph = batchStatistics.run(dropIdentities.run(child).graph);
  const bytes = emit({ graph, weights: child.weights }, { resolution });
  const batches = Math.ceil(count / BATCH);
  const floats = images.length / count;
  /** Per output and channel: Σ n_b x_b and Σ n_b x_b². */
  const sums = new Map<string, { sum: Float64Array; squares: Float64Array }>();
  await withSession(bytes, { threads }, async (session) => {
    for (let i = 0; i < batches; i++) {
      const [from, to] = [Math.floor((i * count) / batches), Math.floor(((i + 1) * count) / batches)];
      const size = to - from;
      const block = toChannelsFirst(images.subarray(from * floats, to * floats), size, channels);
      for (const [name, values] of await session.run(block, [size, channels, resolution, resolution])) {
        let total = sums.get(name);
        if (!total)
          sums.set(name, (total = { sum: new Float64Array(values.length), squares: new Float64Array(values.length) }));
        const { sum, squares } = total;
        values.forEach((value, c) => {
          sum[c]! += size * value;
          squares[c]! += size * value * value;
        });
      }
    }
  });
  const statistics = new Map<string, Float32Array>();
  for (const node of graph.nodes) {
    if (node.op !== "batchNorm") continue;
    const names = statisticsNames(node);
    const [means, variances] = [sums.get(names.mean)!, sums.get(names.variance)!];
    statistics.set(
      names.mean,
      Float32Array.from(means.sum, (total) => total / count),
    );
    const between = means.squares.map((square, c) => Math.max(0, square / count - (means.sum[c]! / count) ** 2));
    statistics.set(
      names.variance,
      Float32Array.from(variances.sum, (within, c) => within / count + between[c]!),
    );
  }
  return statistics;
}
