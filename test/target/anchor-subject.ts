/** The anchor as a subject of the targets' conformance, and what onnxruntime gives for it without a target. */
import * as ort from "onnxruntime-node";
import { anchor } from "../../src/evaluate/anchor.js";
import type { Subject } from "./conformance.js";

/** Outputs of a model with the input `pixel_values`, by name. */
export const outputsOf =
  (bytes: Uint8Array) =>
  async (input: Float32Array, shape: readonly number[]): Promise<ReadonlyMap<string, Float32Array>> => {
    const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
    const outputs = await session.run({ pixel_values: new ort.Tensor("float32", input, shape) });
    await session.release();
    return new Map(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
  };

const { bytes, dims } = anchor();

export const anchorSubject: Omit<Subject, "open"> = {
  models: [bytes, bytes],
  dims: dims.slice(1),
  expected: outputsOf(bytes),
  refused: new TextEncoder().encode("no model at all"),
};
