/** What models put out for images, batch by batch, several at a time: how the compiler looks at children, and a search judges files. */
import { readBatches, type ImageBlock } from "../data/image-block.js";
import { toChannelsFirst } from "../data/make-batch.js";
import { costOf, type Cost } from "../graph/analyses.js";
import type { Batch } from "../runtime/batch-messages.js";
import { runBatches } from "../runtime/run-batches.js";
import type { Child } from "./child.js";
import { emit } from "./emit.js";
import type { Observation } from "./pass.js";

/**
 * @param bounds the first image of each batch, and the end
 * @throws UserError `data/unreadable` where a file has gone meanwhile
 */
export const outputsOver = (child: Child, block: ImageBlock, bounds: readonly number[]): AsyncGenerator<Observation> =>
  outputsOfFile(emit(child, { resolution: block.resolution }), costOf(child.graph, block.resolution), block, bounds);

/**
 * The same of a child's file, by its bytes and costs.
 * @throws UserError `data/unreadable`
 */
export async function* outputsOfFile(
  bytes: Uint8Array,
  { macs, peakBytes }: Pick<Cost, "macs" | "peakBytes">,
  block: ImageBlock,
  bounds: readonly number[],
): AsyncGenerator<Observation> {
  const { resolution, channels } = block;
  const sizes = bounds.slice(1).map((to, i) => to - bounds[i]!);
  async function* batches(): AsyncGenerator<Batch> {
    for await (const { images, count } of readBatches(block, bounds)) {
      yield { input: toChannelsFirst(images, count, channels), dims: [count, channels, resolution, resolution] };
    }
  }
  const work = { macs: macs * block.count, batchBytes: peakBytes * Math.max(...sizes) };
  let batch = 0;
  for await (const outputs of runBatches(bytes, batches(), work)) yield { count: sizes[batch++]!, outputs };
}
