/** Dropout's factors, made on the device from bits. */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { ResidentChild } from "../../resident.js";
import type { BackendKernels, TF } from "../backend.js";

/** The lowest bit first. */
const BITS = [1, 2, 4, 8, 16, 32, 64, 128];

/** 0 or 1 / (1 − rate) for each feature: [group, features], a tensor of the tidy that it is called in. */
export function dropoutFactors(
  tf: TF,
  kernels: BackendKernels,
  { kept, rate }: NonNullable<ResidentChild["dropout"]>,
  { group, features }: { readonly group: number; readonly features: number },
): Tensor2D {
  const bytes = kept.length / group;
  const bits = tf.mod(tf.floor(tf.div(kernels.bytes(kept, [group, bytes, 1]), BITS)), 2);
  const flags: Tensor2D = tf.reshape(bits, [group, BITS.length * bytes]);
  return tf.mul(tf.slice(flags, [0, 0], [group, features]), 1 / (1 - rate));
}
