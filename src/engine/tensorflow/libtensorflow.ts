/**
 * libtensorflow's own training kernels, which TensorFlow.js never calls: batch norm in one pass each way, swish and
 * activation gradients. They are 2.7 times as fast as composed operations on net R.
 */
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { composedKernels, inWholeWords, type BackendKernels, type TF } from "./backend.js";

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

type Constant =
  | "TF_ATTR_TYPE"
  | "TF_ATTR_FLOAT"
  | "TF_ATTR_BOOL"
  | "TF_ATTR_INT"
  | "TF_ATTR_STRING"
  | "TF_FLOAT"
  | "TF_INT32"
  | "TF_UINT8";

/** The part of tfjs-node's native binding that we use. */
interface Binding extends Readonly<Record<Constant, number>> {
  readonly TF_Version: string;
  /** @returns the number of a tensor on the device */
  createTensor(shape: readonly number[], type: number, values: Uint8Array): number;
  deleteTensor(tensor: number): void;
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): readonly object[];
}

/** The part of tfjs-node's NodeJSKernelBackend that we use. */
export interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Binding;
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[];
  createOutputTensor(made: object): Tensor;
}

const isNodeBackend = (backend: object): backend is NodeBackend =>
  "binding" in backend && "executeSingleOutput" in backend;

/** tfjs-node's backend, which must be the one in use. */
export function nodeBackendOf(tf: TF): NodeBackend {
  const backend: object = tf.backend();
  if (!isNodeBackend(backend)) throw new Error("internal: the backend of TensorFlow.js is not tfjs-node's");
  return backend;
}

export function libtensorflowKernels(tf: TF): BackendKernels {
  const backend = nodeBackendOf(tf);
  const { binding } = backend;
  const composed = composedKernels(tf);
  const typed = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const float = (name: string): Attribute => typed(name, binding.TF_FLOAT);
  const normAttributes = (epsilon: number): Attribute[] => [
    float("T"),
    float("U"),
    { name: "epsilon", type: binding.TF_ATTR_FLOAT, value: epsilon },
    { name: "data_format", type: binding.TF_ATTR_STRING, value: "NHWC" },
    { name: "is_training", type: binding.TF_ATTR_BOOL, value: true },
  ];
  /**
   * Runs a kernel of two tensors. SoftplusGrad(a, x) is a · σ(x), so swish takes one pass over memory; sigmoid and
   * product take two.
   */
  const kernel = <Shaped extends Tensor>(name: string, one: Shaped, other: Shaped): Shaped =>
    backend.executeSingleOutput(name, [float("T")], [one, other]) as Shaped;
  const castOfBytes = [
    ...[typed("SrcT", binding.TF_UINT8), typed("DstT", binding.TF_FLOAT)],
    { name: "Truncate", type: binding.TF_ATTR_BOOL, value: false },
  ];
  const bytesToFloats = [typed("T", binding.TF_UINT8), typed("type", binding.TF_FLOAT)];
  const floatsToBytes = [typed("T", binding.TF_FLOAT), typed("type", binding.TF_UINT8)];
  /** Along the dimension after those of the batch. TensorFlow.js's own reads all places back, to check them. */
  const gather = (x: Tensor, places: Tensor, batch: 0 | 1): Tensor =>
    backend.executeSingleOutput(
      "GatherV2",
      [
        { name: "batch_dims", type: binding.TF_ATTR_INT, value: batch },
        ...[float("Tparams"), typed("Tindices", binding.TF_INT32), typed("Taxis", binding.TF_INT32)],
      ],
      [x, places, tf.scalar(batch, "int32")],
    );
  /** Bytes as a kernel that is given them makes them. */
  const uploaded = (values: Uint8Array, shape: readonly number[], name: string, how: readonly Attribute[]): Tensor => {
    // As it is now: transfers.ts counts what goes through it.
    const { binding } = backend;
    const raw = binding.createTensor(shape, binding.TF_UINT8, values);
    const [made] = binding.executeOp(name, how, [raw], 1);
    binding.deleteTensor(raw);
    return backend.createOutputTensor(made!);
  };
  return {
    batchNorm(x, gamma, beta, epsilon) {
      const none = tf.tensor1d([], "float32");
      const [y, , , ...reserved] = backend.executeMultipleOutputs(
        "FusedBatchNormV3",
        [...normAttributes(epsilon), { name: "exponential_avg_factor", type: binding.TF_ATTR_FLOAT, value: 1 }],
        [x, gamma, beta, none, none],
        6,
      );
      return {
        y: y as Tensor4D,
        kept: reserved,
        backward(dy) {
          const [dx, dGamma, dBeta] = backend.executeMultipleOutputs(
            "FusedBatchNormGradV3",
            normAttributes(epsilon),
            [dy, x, gamma, ...reserved],
            5,
          );
          return { x: dx as Tensor4D, gamma: dGamma as Tensor1D, beta: dBeta as Tensor1D };
        },
      };
    },
    activation: (name, x) => (name === "swish" ? kernel("SoftplusGrad", x, x) : composed.activation(name, x)),
    activationGradient(name, dy, x, y) {
      switch (name) {
        case "relu":
          return kernel("ReluGrad", dy, x);
        case "relu6":
          return kernel("Relu6Grad", dy, x);
        case "sigmoid":
          return kernel("SigmoidGrad", y, dy);
        case "swish": // dy · (1 + x − y) · σ(x)
          return kernel("SoftplusGrad", tf.add(dy, tf.mul(dy, tf.sub(x, y))), x);
        case "hard-swish":
        case "hard-sigmoid":
          return composed.activationGradient(name, dy, x, y);
      }
    },
    // TensorFlow.js has no type for bytes; TensorFlow has.
    bytes: (values, shape) => uploaded(values, shape, "Cast", castOfBytes),
    // Four bytes lie in a float32, which no operator here computes with: TensorFlow keeps whole numbers in this process's memory, and a GPU's
    // kernels gather floats in all of its versions.
    heldRows(values, rows) {
      const bytes = inWholeWords(values, rows);
      return uploaded(bytes, [rows, bytes.length / rows / 4, 4], "Bitcast", bytesToFloats);
    },
    rowsOf(held, rows, length) {
      const bytes = backend.executeSingleOutput("Bitcast", floatsToBytes, [gather(held, rows, 0)]);
      const numbers: Tensor2D = tf.reshape(backend.executeSingleOutput("Cast", castOfBytes, [bytes]), [rows.size, -1]);
      return tf.slice(numbers, [0, 0], [rows.size, length]);
    },
    gather: (matrices, places) => gather(matrices, places, 1) as Tensor3D,
  };
}
