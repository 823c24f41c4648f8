/**
 * Batch norm recalibration: a child's own statistics from training images, on onnxruntime. Over B batches of one size
 *   μ = mean(μ_b),   σ² = mean(σ_b²) + variance(μ_b)
 * where the second term, the variance between batches, is what cumulative averages of BatchNorm2d leave out.
 */
import { toChannelsFirst } from "../data/make-batch.js";
import { withSession } from "../runtime/session.js";
import { batchStatistics } from "./batch-statistics.js";
import type { Child } from "./child.js";
import { dropIdentities } from "./drop-identities.js";
import { emit } from "./emit.js";
import type { Statistics } from "./use-statistics.js";

/** Images that are normalised together. */
const BATCH = 100;

export interface ImageBlock {
  /** [count, resolution, resolution, channels], normalised. */
  readonly images: Float32Array;
  readonly count: number;
  readonly resolution: number;
  readonly channels: number;
}

/** @param threads onnxruntime's; 0 for all cores */
export async function recalibrate(
  child: Child,
  { images, count, resolution, channels }: ImageBlock,
  threads = 0,
): Promise<Statistics> {
  const graph = batchStatistics.run(dropIdentities.run(child).graph);
  const bytes = emit({ graph, weights: child.weights }, { resolution });
  const batch = Math.min(BATCH, count);
  const batches = Math.floor(count / batch);
  const floats = images.length / count;
  const sums = new Map<string, { sum: Float64Array; squares: Float64Array }>();
  await withSession(bytes, { threads }, async (session) => {
    for (let i = 0; i < batches; i++) {
      const block = toChannelsFirst(images.subarray(i * batch * floats, (i + 1) * batch * floats), batch, channels);
      for (const [name, values] of await session.run(block, [batch, channels, resolution, resolution])) {
        let total = sums.get(name);
        if (!total)
          sums.set(name, (total = { sum: new Float64Array(values.length), squares: new Float64Array(values.length) }));
        const { sum, squares } = total;
        values.forEach((value, c) => {
          sum[c]! += value;
          squares[c]! += value * value;
        });
      }
    }
  });
  const statistics = new Map<string, Float32Array>();
  for (const [name, { sum }] of sums) {
    const mean = sum.map((total) => total / batches);
    if (name.endsWith(".mean")) {
      statistics.set(name, Float32Array.from(mean));
      continue;
    }
    const means = sums.get(name.replace(/variance$/, "mean"))!;
    const between = means.squares.map((square, c) => Math.max(0, square / batches - (means.sum[c]! / batches) ** 2));
    statistics.set(
      name,
      Float32Array.from(mean, (within, c) => within + between[c]!),
    );
  }
  return statistics;
}
