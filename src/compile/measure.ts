/** Measures what a measured pass needs, by running its graph over images on onnxruntime. */
import type { ImageBlock } from "../data/image-block.js";
import type { Child } from "./child.js";
import { outputsOver } from "./outputs-over.js";
import type { Found, Measured, Observation } from "./pass.js";

/** Largest batch, if the pass has none of its own. Batch sizes differ by at most one image, so that no image is left out. */
const BATCH = 100;

export async function measure(measured: Measured, child: Child, block: ImageBlock): Promise<Found> {
  const { count } = block;
  const batches = Math.ceil(count / (measured.batch ?? BATCH));
  const bounds = Array.from({ length: batches + 1 }, (_, i) => Math.floor((i * count) / batches));
  const observed = { ...child, graph: measured.observe(child.graph) };
  const observations: Observation[] = [];
  for await (const { count: size, outputs } of outputsOver(observed, block, bounds)) {
    observations.push({ count: size, outputs: measured.keep?.(outputs, observations.length) ?? outputs });
  }
  return measured.conclude(child.graph, observations);
}
