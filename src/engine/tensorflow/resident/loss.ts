/** Softmax cross-entropy on the device, as src/train/loss.ts has it on the host. */
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { TF } from "../backend.js";

/** Keeps a loss finite where float32 has rounded a probability to 0: ln 1e−30. */
const SMALLEST_LOG = Math.log(1e-30);

export interface DeviceLoss {
  /** Sum of the rows' cross-entropies. */
  readonly sum: Scalar;
  /** Number of rows whose largest logit is the one that counts. */
  readonly correct: Scalar;
  /** [rows, classes]: d (sum / scale) / d logits. */
  readonly gradient: Tensor2D;
  /** [rows, classes] */
  readonly probabilities: Tensor2D;
}

/** @param counted [rows]; tensors of the tidy that it is called in */
export function deviceLoss(tf: TF, logits: Tensor2D, targets: Tensor2D, counted: Tensor1D, scale: number): DeviceLoss {
  const centred = tf.sub(logits, tf.max(logits, 1, true));
  const logarithms: Tensor2D = tf.sub(centred, tf.log(tf.sum(tf.exp(centred), 1, true)));
  const probabilities: Tensor2D = tf.exp(logarithms);
  // A maximum may hide NaN; a product with zero doesn't.
  const notANumber = tf.sum(tf.mul(logits, 0));
  const best = tf.cast(tf.argMax(logits, 1), "float32");
  return {
    sum: tf.sub(notANumber, tf.sum(tf.mul(targets, tf.maximum(logarithms, SMALLEST_LOG)))),
    correct: tf.sum(tf.cast(tf.equal(best, counted), "float32")),
    gradient: tf.div(tf.sub(probabilities, targets), scale),
    probabilities,
  };
}
