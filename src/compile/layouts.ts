/**
 * How an int8 file is laid out by where it will run: a row a runtime or kind of processor, with the reason for each. Weights are symmetric and of
 * 8 bits with a sign everywhere, with a scale per output channel: what fits depthwise convolutions, and all runtimes below have it.
 */
import { everyValue, layerInputs, type Places } from "./places.js";

/** Which whole numbers an activation is held in. */
export interface ActivationNumbers {
  /** 0 to 255, or −128 to 127. */
  readonly type: "uint8" | "int8";
  /** Whether 0 stands for 0, as where a runtime has no zero points; the range is then as wide on both sides. */
  readonly isSymmetric: boolean;
}

/** How an int8 file is laid out. */
export interface Layout {
  /** What its files hold, for people. */
  readonly says: string;
  /** Why so, with its source. */
  readonly because: string;
  readonly activations: ActivationNumbers;
  /** Largest magnitude of a weight: 127; 63 where a processor adds two products of 8 bits in 16 bits, which 127 overflows. */
  readonly largestWeight: number;
  /** Biases as whole numbers in the scale of the sum that they join, or as they are. */
  readonly biases: "int32" | "float32";
  /** What is quantised. */
  readonly places: Places;
  /** Whether swish and hard-swish are split into nodes of 8 bits; elsewhere the runtime fuses them with their layers, in float. */
  readonly splitsSwish: boolean;
  /** Whether average pools are written as depthwise convolutions, which onnxruntime has faster kernels for on x64 (docs/precisions.md). */
  readonly poolsByConvolution: boolean;
  /** What proves that a file is int8: onnxruntime's nodes after its optimisation (on ARM it fuses other ones), or what the file quantises. */
  readonly provenBy: "onnxruntime" | "onnxruntime on ARM" | "the file";
}

const unsigned: ActivationNumbers = { type: "uint8", isSymmetric: false };

export const layouts = {
  x64: {
    says: "weights of 7 bits and activations of 8, for x64 processors without VNNI; biases of 32",
    because:
      "onnxruntime adds products of activations without a sign and weights with one in pairs of 16 bits (VPMADDUBSW), which weights of 8 bits overflow (its page Quantize ONNX models)",
    activations: unsigned,
    largestWeight: 63,
    biases: "int32",
    places: everyValue,
    splitsSwish: true,
    poolsByConvolution: true,
    provenBy: "onnxruntime",
  },
  "x64-vnni": {
    says: "weights and activations of 8 bits, for x64 processors with VNNI; biases of 32",
    because: "VNNI adds products in 32 bits; onnxruntime fuses sums on x64 where activations have no sign",
    activations: unsigned,
    largestWeight: 127,
    biases: "int32",
    places: everyValue,
    splitsSwish: true,
    poolsByConvolution: true,
    provenBy: "onnxruntime",
  },
  arm: {
    says: "weights and activations of 8 bits with a sign, for onnxruntime on ARM; biases of 32",
    because:
      "with signs on both sides onnxruntime computes by SDOT and SMMLA where ARM has them, and adds products in 32 bits (mlas, MlasGemmS8S8Dispatch)",
    activations: { type: "int8", isSymmetric: false },
    largestWeight: 127,
    biases: "int32",
    places: everyValue,
    splitsSwish: true,
    poolsByConvolution: false,
    provenBy: "onnxruntime on ARM",
  },
  tensorrt: {
    says: "weights and activations of 8 bits with a sign and no zero point, where TensorRT fuses; biases of float32",
    because:
      "TensorRT quantises symmetrically alone; it wants the inputs of layers and poolings and the residual side of sums quantised, no layer's output, and biases in float (its guide, explicit quantisation)",
    activations: { type: "int8", isSymmetric: true },
    largestWeight: 127,
    biases: "float32",
    places: layerInputs,
    splitsSwish: false,
    poolsByConvolution: false,
    provenBy: "the file",
  },
  openvino: {
    says: "weights of 7 bits and activations of 8, for OpenVINO; biases of float32",
    because:
      "OpenVINO's own tool quantises the inputs of operations and leaves biases alone; weights of 7 bits are its cure for sums that overflow on processors without VNNI (docs.openvino.ai, saturation issue)",
    activations: unsigned,
    largestWeight: 63,
    biases: "float32",
    places: layerInputs,
    splitsSwish: false,
    poolsByConvolution: false,
    provenBy: "the file",
  },
  web: {
    says: "weights and activations of 8 bits, for onnxruntime-web on wasm; biases of 32",
    because:
      "onnxruntime-web has vector kernels for activations without a sign alone; they widen to 16 bits and add in 32, which nothing overflows (mlas, qgemm_kernel_wasmsimd.cpp)",
    activations: unsigned,
    largestWeight: 127,
    biases: "int32",
    places: everyValue,
    splitsSwish: true,
    poolsByConvolution: false,
    provenBy: "onnxruntime",
  },
} as const satisfies Record<string, Layout>;

/** A layout, by its name in the table. */
export type LayoutName = keyof typeof layouts;

export const layoutNames = Object.keys(layouts) as readonly LayoutName[];
/** Right on every x64 processor. */
export const defaultLayout: LayoutName = "x64";
