/** Training batch norm and activations: TensorFlow.js backends compose them, or have them in few kernels. */
import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
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
  /** Rows of bytes that stay on the device, at one byte each: a tensor for `rowsOf` alone. */
  heldRows(values: Uint8Array, rows: number): Tensor;
  /** Some of them as float32: [rows, length]. @param length bytes of a row */
  rowsOf(held: Tensor, rows: Tensor1D, length: number): Tensor2D;
  /** Rows of each matrix: [matrices, places, columns]. @param places int32 [matrices, places], none outside */
  gather(matrices: Tensor3D, places: Tensor2D): Tensor3D;
}

/** Each row's bytes, and zeros to whole words of four: [rows, 4 · words]. */
export function inWholeWords(values: Uint8Array, rows: number): Uint8Array {
  const length = values.length / rows;
  const padded = 4 * Math.ceil(length / 4);
  if (padded === length) return values;
  const all = new Uint8Array(rows * padded);
  for (let row = 0; row < rows; row++) all.set(values.subarray(row * length, (row + 1) * length), row * padded);
  return all;
}

/** The same bytes, four to a word, the lowest first as all processors here have them. */
export function asWords(bytes: Uint8Array): Int32Array {
  const isAligned = bytes.byteOffset % 4 === 0;
  const { buffer, byteOffset, length } = isAligned ? bytes : bytes.slice();
  return new Int32Array(buffer, byteOffset, length / 4);
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
    heldRows: (values, rows) => {
      const words = asWords(inWholeWords(values, rows));
      return tf.tensor2d(words, [rows, words.length / rows], "int32");
    },
    rowsOf(held, rows, length) {
      const words = tf.expandDims(tf.gather(held, rows), 2);
      const byPlace = tf.floorDiv(words, tf.tensor1d([1, 2 ** 8, 2 ** 16, 2 ** 24], "int32"));
      const bytes: Tensor2D = tf.reshape(tf.mod(byPlace, tf.scalar(256, "int32")), [rows.size, -1]);
      return tf.slice(tf.cast(bytes, "float32"), [0, 0], [rows.size, length]);
    },
    gather: (matrices, places) => tf.gather(matrices, places, 1, 1),
  };
}
