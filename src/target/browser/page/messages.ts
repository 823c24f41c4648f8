/** What the page and its worker say to each other. */
import type { PageFacts } from "../protocol.js";

/** Everything that the worker needs to connect. */
export interface Start {
  readonly socket: string;
  readonly token: string;
  /** Address of onnxruntime-web's files. */
  readonly runtime: string;
  /** Some phones have no memory for onnxruntime with several threads. */
  readonly mostThreads: number;
}

export type ToWorker = Start | "hide";

export type FromWorker =
  | { readonly says: string }
  | { readonly facts: PageFacts }
  | { readonly models: readonly ModelView[] }
  /** The connection is closed, by this code. */
  | { readonly closed: number }
  | { readonly restart: "reload" | "one-thread" };

/** What the page shows of a model. */
export interface ModelView {
  readonly rounds: number;
  readonly lastMs: number;
  readonly fastestMs: number;
}
