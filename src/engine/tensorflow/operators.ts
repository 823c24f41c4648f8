/** Each operator and its gradient on TensorFlow.js, one row each. Activations are NHWC. */
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { NodeOf, OperatorName } from "../../graph/operators.js";
import type { Parameter, Value } from "../../graph/values.js";
import type { BackendKernels, NormGradients, TF } from "./backend.js";

/** A forward pass in progress, and then the backward pass over it. */
export interface Tape {
  readonly tf: TF;
  readonly kernels: BackendKernels;
  value(value: Value): Tensor;
  parameter(parameter: Parameter): Tensor;
  readonly dropout: Tensor2D | undefined;
  setValue(value: Value, tensor: Tensor): void;
  /** Keeps tensors for the backward pass. */
  keep(tensors: readonly Tensor[]): void;
  readonly normGradients: Map<string, (dy: Tensor4D) => NormGradients>;
  /** Gradient of a value, summed over all its readers. */
  gradient(value: Value): Tensor;
  /** @param tensor must return a new handle, which is freed separately from the node's other tensors */
  addGradient(to: Value | Parameter, tensor: () => Tensor): void;
}

interface Row<Name extends OperatorName<"trained">> {
  readonly forward: (tape: Tape, node: NodeOf<Name, "trained", number>) => void;
  readonly backward: (tape: Tape, node: NodeOf<Name, "trained", number>) => void;
}

/** Symmetric padding of a convolution: TensorFlow's "same" if that is symmetric, otherwise by hand. */
interface Padding {
  readonly mode: "same" | "valid";
  readonly pad: number;
}

const paddingOf = (kernel: number, stride: number): Padding =>
  kernel > 1 && stride > 1 ? { mode: "valid", pad: (kernel - 1) / 2 } : { mode: stride > 1 ? "valid" : "same", pad: 0 };

function padded(tf: TF, x: Tensor4D, { pad }: Padding): Tensor4D {
  if (pad === 0) return x;
  return tf.pad(x, [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ]);
}

/** The inverse of padding, for gradients. */
function cropped(tf: TF, dx: Tensor4D, x: Tensor4D, { pad }: Padding): Tensor4D {
  return pad === 0 ? dx : tf.slice(dx, [0, pad, pad, 0], x.shape);
}

const overPixels = [0, 1, 2];

/** Runs TensorFlow.js's registered kernels for the gradients of convolutions, which its own gradients call too. */
const run = (tf: TF, name: string, inputs: Record<string, Tensor>, attributes: KernelAttributes): Tensor =>
  tf.engine().runKernel<Tensor>(name, inputs, attributes);

type KernelAttributes = Readonly<Record<string, string | number[]>>;

export const rows: { readonly [Name in OperatorName<"trained">]: Row<Name> } = {
  conv: {
    forward(tape, { in: { x, weight, bias }, attributes, out: { y } }) {
      const { tf } = tape;
      const padding = paddingOf(attributes.kernel, attributes.stride);
      const input = padded(tf, tape.value(x) as Tensor4D, padding);
      const sum = tf.conv2d(input, tape.parameter(weight) as Tensor4D, attributes.stride, padding.mode);
      tape.setValue(y, bias ? tf.add(sum, tape.parameter(bias)) : sum);
    },
    backward(tape, { in: { x, weight, bias }, attributes, out: { y } }) {
      const { tf } = tape;
      const [input, filter, dy] = [tape.value(x) as Tensor4D, tape.parameter(weight) as Tensor4D, tape.gradient(y)];
      const padding = paddingOf(attributes.kernel, attributes.stride);
      const given = padded(tf, input, padding);
      const { stride } = attributes;
      const shared = { strides: [stride, stride], pad: padding.mode, dataFormat: "NHWC" };
      tape.addGradient(weight, () =>
        run(tf, "Conv2DBackpropFilter", { x: given, dy }, { ...shared, filterShape: filter.shape }),
      );
      tape.addGradient(x, () => {
        const dx = run(tf, "Conv2DBackpropInput", { dy, filter }, { ...shared, inputShape: given.shape }) as Tensor4D;
        return cropped(tf, dx, input, padding);
      });
      if (bias) tape.addGradient(bias, () => tf.sum(dy, overPixels));
    },
  },
  depthwise: {
    forward(tape, { in: { x, weight, bias }, attributes, out: { y } }) {
      const { tf } = tape;
      const padding = paddingOf(attributes.kernel, attributes.stride);
      const input = padded(tf, tape.value(x) as Tensor4D, padding);
      const filter: Tensor4D = tf.expandDims(tape.parameter(weight), 3);
      const sum = tf.depthwiseConv2d(input, filter, attributes.stride, padding.mode);
      tape.setValue(y, bias ? tf.add(sum, tape.parameter(bias)) : sum);
    },
    backward(tape, { in: { x, weight, bias }, attributes, out: { y } }) {
      const { tf } = tape;
      const [input, dy] = [tape.value(x) as Tensor4D, tape.gradient(y)];
      const filter: Tensor4D = tf.expandDims(tape.parameter(weight), 3);
      const padding = paddingOf(attributes.kernel, attributes.stride);
      const given = padded(tf, input, padding);
      const { stride } = attributes;
      const shared = { strides: [stride, stride], pad: padding.mode, dilations: [1, 1] };
      tape.addGradient(weight, () => {
        const attributesOf = { ...shared, filterShape: filter.shape };
        return tf.squeeze(run(tf, "DepthwiseConv2dNativeBackpropFilter", { x: given, dy }, attributesOf), [3]);
      });
      tape.addGradient(x, () => {
        const attributesOf = { ...shared, inputShape: given.shape };
        const dx = run(tf, "DepthwiseConv2dNativeBackpropInput", { dy, filter }, attributesOf) as Tensor4D;
        return cropped(tf, dx, input, padding);
      });
      if (bias) tape.addGradient(bias, () => tf.sum(dy, overPixels));
    },
  },
  dense: {
    forward(tape, { in: { x, weight, bias }, out: { y } }) {
      const { tf } = tape;
      const product = tf.matMul(tape.value(x), tape.parameter(weight));
      tape.setValue(y, bias ? tf.add(product, tape.parameter(bias)) : product);
    },
    backward(tape, { in: { x, weight, bias }, out: { y } }) {
      const { tf } = tape;
      const dy = tape.gradient(y) as Tensor2D;
      tape.addGradient(weight, () => tf.matMul(tape.value(x), dy, true, false));
      tape.addGradient(x, () => tf.matMul(dy, tape.parameter(weight), false, true));
      if (bias) tape.addGradient(bias, () => tf.sum(dy, 0));
    },
  },
  batchNorm: {
    forward(tape, { name, in: { x, gamma, beta }, attributes, out: { y } }) {
      const { kernels } = tape;
      const [input, scale, shift] = [tape.value(x), tape.parameter(gamma), tape.parameter(beta)];
      const norm = kernels.batchNorm(input as Tensor4D, scale as Tensor1D, shift as Tensor1D, attributes.epsilon);
      tape.setValue(y, norm.y);
      tape.keep(norm.kept);
      tape.normGradients.set(name, norm.backward);
    },
    backward(tape, { name, in: { x, gamma, beta }, out: { y } }) {
      const gradients = tape.normGradients.get(name)!(tape.gradient(y) as Tensor4D);
      tape.addGradient(x, () => gradients.x);
      tape.addGradient(gamma, () => gradients.gamma);
      tape.addGradient(beta, () => gradients.beta);
    },
  },
  activation: {
    forward(tape, { in: { x }, attributes, out: { y } }) {
      const { kernels } = tape;
      tape.setValue(y, kernels.activation(attributes.function, tape.value(x)));
    },
    backward(tape, { in: { x }, attributes, out: { y } }) {
      const { kernels } = tape;
      const [dy, input, output] = [tape.gradient(y), tape.value(x), tape.value(y)] as Tensor4D[];
      tape.addGradient(x, () => kernels.activationGradient(attributes.function, dy!, input!, output!));
    },
  },
  add: {
    forward(tape, { in: { x, branch }, out: { y } }) {
      tape.setValue(y, tape.tf.add(tape.value(x), tape.value(branch)));
    },
    backward(tape, { in: { x, branch }, out: { y } }) {
      const { tf } = tape;
      tape.addGradient(x, () => tf.clone(tape.gradient(y)));
      tape.addGradient(branch, () => tf.clone(tape.gradient(y)));
    },
  },
  multiply: {
    forward(tape, { in: { x, factor }, out: { y } }) {
      tape.setValue(y, tape.tf.mul(tape.value(x), tape.value(factor)));
    },
    backward(tape, { in: { x, factor }, out: { y } }) {
      const { tf } = tape;
      const dy = tape.gradient(y);
      tape.addGradient(x, () => tf.mul(dy, tape.value(factor)));
      tape.addGradient(factor, () => tf.sum(tf.mul(dy, tape.value(x)), [1, 2], true));
    },
  },
  averagePool: {
    forward(tape, { in: { x }, attributes: { stride }, out: { y } }) {
      tape.setValue(y, tape.tf.avgPool(tape.value(x) as Tensor4D, stride, stride, "same"));
    },
    // Not AvgPoolGrad: tfjs-backend-cpu's divides partial windows by the pixels of a whole one.
    backward(tape, { in: { x }, attributes: { stride }, out: { y } }) {
      const { tf } = tape;
      const [{ shape }, dy] = [tape.value(x) as Tensor4D, tape.gradient(y) as Tensor4D];
      const [, outHeight, outWidth] = dy.shape;
      const covered = (size: number, windows: number): number[] =>
        Array.from({ length: windows }, (_, i) => Math.min(stride, size - i * stride));
      tape.addGradient(x, () => {
        const rows = tf.tensor4d(covered(shape[1], outHeight), [1, outHeight, 1, 1]);
        const columns = tf.tensor4d(covered(shape[2], outWidth), [1, 1, outWidth, 1]);
        const share: Tensor4D = tf.div(dy, tf.mul(rows, columns));
        const spread = tf.image.resizeNearestNeighbor(share, [outHeight * stride, outWidth * stride]);
        return tf.slice(spread, [0, 0, 0, 0], shape);
      });
    },
  },
  globalAveragePool: {
    forward(tape, { in: { x }, out: { y } }) {
      tape.setValue(y, tape.tf.mean(tape.value(x), [1, 2], true));
    },
    backward(tape, { in: { x }, out: { y } }) {
      const { tf } = tape;
      const { shape } = tape.value(x) as Tensor4D;
      tape.addGradient(x, () => tf.broadcastTo(tf.div(tape.gradient(y), shape[1] * shape[2]), shape));
    },
  },
  flatten: {
    forward(tape, { in: { x }, out: { y } }) {
      const { shape } = tape.value(x);
      tape.setValue(y, tape.tf.reshape(tape.value(x), [shape[0], shape.at(-1)!]));
    },
    backward(tape, { in: { x }, out: { y } }) {
      tape.addGradient(x, () => tape.tf.reshape(tape.gradient(y), tape.value(x).shape));
    },
  },
  dropout: {
    forward(tape, { in: { x }, out: { y } }) {
      tape.setValue(y, tape.dropout ? tape.tf.mul(tape.value(x), tape.dropout) : tape.tf.clone(tape.value(x)));
    },
    backward(tape, { in: { x }, out: { y } }) {
      const dy = tape.gradient(y);
      tape.addGradient(x, () => (tape.dropout ? tape.tf.mul(dy, tape.dropout) : tape.tf.clone(dy)));
    },
  },
  fakeQuantize: {
    forward(tape, { in: { x }, attributes: { bits, range }, out: { y } }) {
      const { tf } = tape;
      const input = tape.value(x);
      const levels = 2 ** bits - 1;
      const smallest = range ? tf.scalar(range[0]) : tf.minimum(0, tf.min(input));
      const largest = range ? tf.scalar(range[1]) : tf.maximum(0, tf.max(input));
      const size = tf.mul(tf.sub(largest, smallest), 1 / levels);
      const wide = tf.add(size, tf.cast(tf.less(size, 1e-30), "float32"));
      const unit = tf.mul(nearestPowerOfTwo(tf, wide), 2 ** -15);
      const scale = tf.mul(tf.round(tf.div(wide, unit)), unit);
      const step = tf.mul(scale, 1 - 2 ** -14);
      const low = tf.neg(tf.round(tf.div(tf.neg(smallest), step)));
      const whole = tf.round(tf.div(input, step));
      tape.setValue(y, tf.mul(tf.minimum(tf.maximum(whole, low), tf.add(low, levels)), scale));
    },
    backward(tape, { in: { x }, out: { y } }) {
      tape.addGradient(x, () => tape.tf.clone(tape.gradient(y)));
    },
  },
};

/** The power of two nearest to a number: its mantissa without the bits after the first (Veltkamp's splitting). */
function nearestPowerOfTwo(tf: TF, x: Tensor): Tensor {
  const large = tf.mul(x, 2 ** 23 + 1);
  return tf.sub(large, tf.sub(large, x));
}
