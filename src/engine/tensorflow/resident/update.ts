/** The update of all weights on the device, as src/train/optimizer.ts and src/train/average.ts have it on the host. All arrays are flat. */
import type { Scalar, Tensor1D } from "@tensorflow/tfjs-core";
import type { Update, UpdateRule } from "../../resident.js";
import type { TF } from "../backend.js";

export interface DeviceArrays {
  readonly weights: Tensor1D;
  readonly average: Tensor1D | undefined;
  readonly optimizer: ReadonlyMap<string, Tensor1D>;
}

/** Norm of a gradient. */
export const normOf = (tf: TF, gradient: Tensor1D): Scalar => tf.sqrt(tf.sum(tf.square(gradient)));

/** @returns the arrays after an update: new tensors of the tidy that it is called in */
export function updated(
  tf: TF,
  rule: UpdateRule,
  { weights, average, optimizer }: DeviceArrays,
  { gradient, norm, update }: { readonly gradient: Tensor1D; readonly norm: Scalar; readonly update: Update },
): DeviceArrays {
  const { clipNorm, rate } = update;
  // A norm of 0 makes the factor infinite and so 1.
  const g: Tensor1D = clipNorm === null ? gradient : tf.mul(gradient, tf.minimum(1, tf.div(clipNorm, norm)));
  const momentum = optimizer.get("momentum")!;
  const after = (step: Tensor1D, state: Readonly<Record<string, Tensor1D>>): DeviceArrays => {
    const moved: Tensor1D = tf.sub(weights, step);
    const { averaging: kept } = update;
    return {
      weights: moved,
      average: average && tf.add(tf.mul(average, kept), tf.mul(moved, 1 - kept)),
      optimizer: new Map(Object.entries(state)),
    };
  };
  if (rule.kind === "sgd-nesterov") {
    const moving: Tensor1D = tf.add(tf.mul(momentum, rule.momentum), g);
    return after(tf.mul(tf.add(g, tf.mul(moving, rule.momentum)), rate), { momentum: moving });
  }
  const { decay, epsilon } = rule;
  const meanSquare: Tensor1D = tf.add(tf.mul(optimizer.get("meanSquare")!, decay), tf.mul(tf.square(g), 1 - decay));
  const step = tf.div(tf.mul(g, rate), tf.sqrt(tf.add(meanSquare, epsilon)));
  const moving: Tensor1D = tf.add(tf.mul(momentum, rule.momentum), step);
  return after(moving, { meanSquare, momentum: moving });
}
