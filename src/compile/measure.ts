/** Measures what a measured pass needs, by running its graph over images on onnxruntime. */
import { readBatches, type ImageBlock } from "../data/image-block.js";
import { toChannelsFirst } from "../data/make-batch.js";
import { withSession } from "../runtime/session.js";
import type { Child } from "./child.js";
import { emit } from "./emit.js";
import type { Found, Measured, Observation } from "./pass.js";

/** Largest batch, if the pass has none of its own. Batch sizes differ by at most one image, so that no image is left out. */
const BATCH = 100;

/** @param threads threads of onnxruntime; 0 for all cores */
export async function measure(measured: Measured, child: Child, block: ImageBlock, threads = 0): Promise<Found> {
  const { count, resolution, channels } = block;
  const bytes = emit({ ...child, graph: measured.observe(child.graph) }, { resolution });
  const batches = Math.ceil(count / (measured.batch ?? BATCH));
  const bounds = Array.from({ length: batches + 1 }, (_, i) => Math.floor((i * count) / batches));
  const observations = await withSession(bytes, { threads }, async (session) => {
    const found: Observation[] = [];
    for await (const { images, count: size } of readBatches(block, bounds)) {
      const input = toChannelsFirst(images, size, channels);
      const outputs = await session.run(input, [size, channels, resolution, resolution]);
      found.push({ count: size, outputs: measured.keep?.(outputs, found.length) ?? outputs });
    }
    return found;
  });
  return measured.conclude(child.graph, observations);
}
