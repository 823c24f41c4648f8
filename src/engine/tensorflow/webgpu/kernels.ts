/**
 * This project's kernels for the webgpu backend: fused training kernels, and filter gradients that replace the
 * backend's own, which use one thread per weight. The filter gradients are registered with the backend, so that the
 * operators' rows call them as on any backend.
 */
import type { KernelFunc, NamedAttrMap, Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { BackendKernels, TF } from "../backend.js";
import { activation, activationGradient } from "./activations.js";
import { batchNorm } from "./batch-norm.js";
import { bytes } from "./bytes.js";
import { heldRows, rowsOf } from "./held-rows.js";
import { depthwiseFilterGradient } from "./depthwise-filter-gradient.js";
import { convFilterGradient, type Geometry } from "./filter-gradient.js";

export const webgpuKernels = (tf: TF): BackendKernels => ({
  batchNorm: batchNorm(tf),
  activation: activation(tf),
  activationGradient: activationGradient(tf),
  bytes: bytes(tf),
  heldRows: heldRows(tf),
  rowsOf: rowsOf(tf),
  gather: (matrices, places) => tf.gather(matrices, places, 1, 1),
});

interface ConvolutionAttributes {
  readonly filterShape: number[];
  readonly inputShape: number[];
  readonly strides: readonly [number, number];
  readonly pad: "same" | "valid";
}

const isConvolution = (attributes: object): attributes is ConvolutionAttributes => "strides" in attributes;

function attributesOf(attributes: NamedAttrMap = {}): ConvolutionAttributes {
  const given: object = attributes;
  if (!isConvolution(given)) throw new Error("internal: a convolution without attributes");
  return given;
}

function geometryOf(attributes: NamedAttrMap | undefined): Geometry {
  const { filterShape, strides, pad } = attributesOf(attributes);
  const kernel = filterShape[0]!;
  return { kernel, stride: strides[0], pad: pad === "same" ? (kernel - 1) / 2 : 0 };
}

type Gradient = (tf: TF, x: Tensor4D, dy: Tensor4D, geometry: Geometry) => Tensor;

export function registerKernels(tf: TF): void {
  const filterGradient =
    (gradient: Gradient): KernelFunc =>
    ({ inputs: { x, dy }, attrs }) =>
      tf.reshape(gradient(tf, x as Tensor4D, dy as Tensor4D, geometryOf(attrs)), attributesOf(attrs).filterShape);
  register(tf, "Conv2DBackpropFilter", filterGradient(convFilterGradient));
  register(tf, "DepthwiseConv2dNativeBackpropFilter", filterGradient(depthwiseFilterGradient));

  const direct = tf.getKernel("Conv2DBackpropInput", "webgpu").kernelFunc;
  register(tf, "Conv2DBackpropInput", (given) => {
    const [dy, filter] = [given.inputs["dy"] as Tensor4D, given.inputs["filter"] as Tensor4D];
    const { inputShape, strides } = attributesOf(given.attrs);
    const [height, width, inChannels, outChannels] = filter.shape;
    if (height * width * strides[0] > 1) return direct(given);
    // For a 1×1 convolution: dy·wᵀ over the rows of channels.
    const rows = tf.reshape(dy, [-1, outChannels]);
    return tf.reshape(tf.matMul(rows, tf.reshape(filter, [inChannels, outChannels]), false, true), inputShape);
  });
}

function register(tf: TF, kernelName: string, kernelFunc: KernelFunc): void {
  tf.unregisterKernel(kernelName, "webgpu");
  tf.registerKernel({ kernelName, backendName: "webgpu", kernelFunc });
}
