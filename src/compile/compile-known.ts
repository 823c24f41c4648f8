/** A float32 child from what is known of it: no images are needed, so its bytes are the same on every machine. */
import type { SharedWeights } from "../supernet/weights.js";
import type { Supernet } from "../supernet/supernet.js";
import type { Architecture } from "../space/space.js";
import { slicedChild } from "./children.js";
import { emit, type EmitOptions } from "./emit.js";
import { floatSteps } from "./passes.js";
import type { Statistics } from "./recalibration.js";
import { runPasses } from "./run-passes.js";

/**
 * @param statistics of its batch norms, as recalibration found them
 * @returns the .onnx file's bytes
 */
export async function compileKnown(
  supernet: Supernet,
  weights: SharedWeights,
  architecture: Architecture,
  statistics: Statistics,
  options: Omit<EmitOptions, "resolution" | "output">,
): Promise<Uint8Array> {
  const { child } = await runPasses(slicedChild(supernet, weights, architecture), floatSteps, () => statistics);
  return emit(child, { ...options, resolution: architecture.resolution, output: "logits" });
}
