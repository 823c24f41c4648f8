/** What run-batches.ts and its threads say to each other. */
import type { RunCount } from "./runs-on-threads.js";

export interface Batch {
  readonly input: Float32Array;
  readonly dims: readonly number[];
}

/** A batch's outputs, by name. */
export type Outputs = ReadonlyMap<string, Float32Array>;

export interface BatchStart {
  readonly count: RunCount;
}

export type BatchOrder =
  | { readonly open: Uint8Array; /** onnxruntime's intra-op threads. */ readonly threads: number }
  | { readonly run: Batch }
  | { readonly close: true };
