/** Training batch norm and activations: TensorFlow.js backends compose them, or have them in few kernels. */
import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import type { ActivationFunction } from "../../graph/activations.js";

/** The module: @tensorflow/tfjs-core with a backend, or a package that brings both. */
export type TF = typeof TensorFlow;

/** Gradients of a batch norm, from those of its output. */
export interface NormGradients {
  readonly x: Tensor4D;
  readonly gamma: Tensor1D;
  readonly beta: Tensor1D;
}

export interface BackendKernels {
  /** Normalises by the batch's own biased statistics; `backward` may use tensors that `kept` lists. */
  batchNorm(
    x: Tensor4D,
    gamma: Tensor1D,
    beta: Tensor1D,
    epsilon: number,
  ): { y: Tensor4D; kept: readonly Tensor[]; readonly backward: (dy: Tensor4D) => NormGradients };
  activation(name: ActivationFunction, x: Tensor): Tensor;
  /** dy · f'(x); `y` is f(x). */
  activationGradient(name: ActivationFunction, dy: Tensor4D, x: Tensor4D, y: Tensor4D): Tensor4D;
  /** Bytes as a float32 tensor of this shape. They go up as bytes where the backend can take them. */
  bytes(values: Uint8Array, shape: readonly number[]): Tensor;
}

/** Composed of public operations only, which every backend has. */
export function composedKernels(tf: TF): BackendKernels {
  const inside = (x: Tensor4D, low: number, high: number): Tensor4D =>
    tf.cast(tf.logicalAnd(tf.greater(x, low), tf.less(x, high)), "float32");
  const functions: Record<ActivationFunction, (x: Tensor) => Tensor> = {
    relu: (x) => tf.relu(x),
    relu6: (x) => tf.relu6(x),
    swish: (x) => tf.mul(x, tf.sigmoid(x)),
    "hard-swish": (x) => tf.div(tf.mul(x, tf.relu6(tf.add(x, 3))), 6),
    sigmoid: (x) => tf.sigmoid(x),
    "hard-sigmoid": (x) => tf.div(tf.relu6(tf.add(x, 3)), 6),
  };
  const slopes: Record<ActivationFunction, (x: Tensor4D, y: Tensor4D) => Tensor4D> = {
    relu: (x) => tf.cast(tf.greater(x, 0), "float32"),
    relu6: (x) => inside(x, 0, 6),
    swish(x, y) {
      const s = tf.sigmoid(x);
      return tf.add(y, tf.mul(s, tf.sub(1, y)));
    },
    // (2x + 3) / 6 between −3 and 3, 0 below, 1 above.
    "hard-swish": (x) =>
      tf.add(tf.mul(inside(x, -3, 3), tf.div(tf.add(tf.mul(x, 2), 3), 6)), tf.cast(tf.greaterEqual(x, 3), "float32")),
    sigmoid: (_, y) => tf.mul(y, tf.sub(1, y)),
    "hard-sigmoid": (x) => tf.div(inside(x, -3, 3), 6),
  };
  return {
    batchNorm(x, gamma, beta, epsilon) {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const scale: Tensor1D = tf.rsqrt(tf.add(variance, epsilon));
      const normal: Tensor4D = tf.mul(tf.sub(x, mean), scale);
      return {
        y: tf.add(tf.mul(normal, gamma), beta),
        kept: [normal, scale],
        // dx = γ·s·(dy − mean(dy) − x̂·mean(dy·x̂)), s = 1 / √(variance + ε)
        backward(dy) {
          const count = dy.size / gamma.size;
          const dBeta: Tensor1D = tf.sum(dy, [0, 1, 2]);
          const dGamma: Tensor1D = tf.sum(tf.mul(dy, normal), [0, 1, 2]);
          const centred = tf.sub(tf.sub(dy, tf.div(dBeta, count)), tf.mul(normal, tf.div(dGamma, count)));
          return { x: tf.mul(centred, tf.mul(gamma, scale)), gamma: dGamma, beta: dBeta };
        },
      };
    },
    activation: (name, x) => functions[name](x),
    activationGradient: (name, dy, x, y) => tf.mul(dy, slopes[name](x, y)),
    bytes: (values, shape) => tf.tensor(Float32Array.from(values), [...shape]),
  };
}
