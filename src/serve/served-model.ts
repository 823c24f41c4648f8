/** A child that is served: its certificate's facts, and its session with a queue before it. */
import type { Preprocessing } from "../data/preprocessing.js";
import type { ShippedChild } from "../format/format.js";
import { batcher } from "./batcher.js";
import type { ServeLimits } from "./limits.js";
import { startSession } from "./session.js";

export interface ServedModel {
  readonly name: string;
  /** [channels, height, width] */
  readonly shape: readonly number[];
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  /** Images that wait for a run. */
  readonly waiting: number;
  /** As `Batcher.infer`. */
  infer(values: Uint8Array, images: number, isGone: () => boolean): Promise<Float32Array>;
  /** Rejects when the session is lost. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** What a server measures of a model. */
export interface ModelWatch {
  ran(name: string, images: number, ms: number): void;
}

/** @throws UserError `runtime/model` */
export async function serveModel(
  { name, bytes, certificate }: ShippedChild,
  threads: number,
  { batchImages, batchWaitMs }: ServeLimits,
  watch: ModelWatch,
): Promise<ServedModel> {
  const [batch, ...sizes] = certificate.inputs.pixel_values;
  const shape = sizes.map(Number);
  const fixedBatch = typeof batch === "number" ? batch : undefined;
  const session = await startSession({ bytes, shape, fixedBatch, threads }, (images, ms) =>
    watch.ran(name, images, ms),
  );
  const { labels, preprocessing } = certificate;
  const requests = batcher({
    most: fixedBatch ?? batchImages,
    each: shape.reduce((product, size) => product * size, 1),
    classes: labels.length,
    waitMs: batchWaitMs,
    run: session.run,
  });
  return {
    ...{ name, shape, labels, preprocessing },
    get waiting() {
      return requests.waiting;
    },
    infer: (values, images, isGone) => requests.infer(values, images, isGone),
    failed: session.failed,
    close: () => session.close(),
  };
}
