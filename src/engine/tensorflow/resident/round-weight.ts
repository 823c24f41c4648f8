/** A weight as training rounds it (src/graph/rounded-weights.ts), on the device. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { largestWhole } from "../../../graph/rounded-weights.js";
import type { TF } from "../backend.js";

/** @param weight its last dimension are the output channels */
export function roundWeight(tf: TF, weight: Tensor, bits: number): Tensor {
  const others = weight.shape.slice(0, -1).map((_, dimension) => dimension);
  const size = tf.mul(tf.max(tf.abs(weight), others), 1 / largestWhole(bits));
  const scale = tf.add(size, tf.cast(tf.equal(size, 0), "float32"));
  return tf.mul(tf.round(tf.mul(weight, tf.div(1, scale))), scale);
}
