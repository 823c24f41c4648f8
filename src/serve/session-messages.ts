/** What a server and the thread with a model's session say to each other. */
import type { RunCount } from "../runtime/runs-on-threads.js";
import type { ErrorCode, Problem } from "../base/user-error.js";

/** What a session's thread is started with. */
export interface SessionThread extends SessionStart {
  readonly count: RunCount;
}

export interface SessionStart {
  readonly bytes: Uint8Array;
  /** [channels, height, width] */
  readonly shape: readonly number[];
  /** Images of every run, where the file fixes them. */
  readonly fixedBatch: number | undefined;
  /** onnxruntime's intra-op threads. */
  readonly threads: number;
}

export interface RunOrder {
  readonly id: number;
  /** [images, channels, height, width], and room for more; its memory changes hands. */
  readonly input: Float32Array<ArrayBuffer>;
  readonly images: number;
}

export type SessionAnswer =
  | { readonly loaded: true }
  | { readonly refused: { readonly code: ErrorCode; readonly problems: readonly Problem[] } }
  | {
      readonly id: number;
      readonly input: Float32Array<ArrayBuffer>;
      readonly logits: Float32Array<ArrayBuffer>;
      readonly ms: number;
    }
  | { readonly id: number; readonly failure: string };
