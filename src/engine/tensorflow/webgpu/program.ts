/**
 * Runs this project's own WGSL through the backend, which caches pipelines by key, batches dispatches and recycles
 * buffers.
 */
import type { Tensor, Tensor4D, TensorInfo } from "@tensorflow/tfjs-core";
import type { TF } from "../backend.js";

type Triple = readonly [number, number, number];

/** The part of tfjs-backend-webgpu's WebGPUBackend that runs a program. */
interface ProgramRunner {
  runWebGPUProgram(
    program: {
      readonly shaderKey: string;
      readonly variableNames: readonly string[];
      readonly uniforms: string;
      readonly outputShape: readonly number[];
      readonly dispatchLayout: { readonly x: readonly number[] };
      /** Numbers of workgroups. */
      dispatch: Triple;
      readonly workgroupSize: Triple;
      getUserCode(): string;
    },
    inputs: readonly TensorInfo[],
    type: "float32",
    uniforms: readonly { type: "int32" | "float32"; data: readonly number[] }[],
  ): TensorInfo;
}

/** The inputs of a kernel. */
export interface Inputs {
  /** Everything that the code depends on besides the ranks of its tensors: one pipeline is compiled per key. */
  readonly key: string;
  /** Buffers, which the code reads by name. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Integers, which the code reads as `uniforms.name`, so that other sizes need no new pipeline. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** The code reads it as `uniforms.epsilon`. */
  readonly epsilon?: number;
  /** WGSL outside the kernel: functions, shared memory. */
  readonly declarations?: string;
  /** WGSL statements at the start of the kernel. */
  readonly prepare?: string;
}

export interface Kernel extends Omit<Inputs, "prepare"> {
  readonly outputShape: readonly number[];
  readonly workgroups: Triple;
  readonly workgroupSize: Triple;
  /** WGSL that writes `result`. */
  readonly body: string;
}

const runsPrograms = (backend: object): backend is ProgramRunner => "runWebGPUProgram" in backend;

export function runKernel(tf: TF, kernel: Kernel): Tensor {
  const { key, inputs, sizes = {}, epsilon = 0, outputShape, workgroups, workgroupSize, declarations = "" } = kernel;
  const backend: object = tf.backend();
  if (!runsPrograms(backend)) throw new Error("internal: the backend of TensorFlow.js is not webgpu");
  const result = backend.runWebGPUProgram(
    {
      shaderKey: `nestling ${key}`,
      variableNames: Object.keys(inputs),
      uniforms: `${Object.keys(sizes)
        .map((name) => `${name} : i32,`)
        .join(" ")} epsilon : f32,`,
      outputShape,
      dispatchLayout: { x: outputShape.map((_, axis) => axis) },
      dispatch: workgroups,
      workgroupSize,
      getUserCode: () => `${declarations}\nfn main(index : i32) {\n${kernel.body}\n}`,
    },
    Object.values(inputs),
    "float32",
    [
      ...Object.values(sizes).map((size) => ({ type: "int32" as const, data: [size] })),
      { type: "float32", data: [epsilon] },
    ],
  );
  return tf.engine().makeTensorFromTensorInfo(result);
}

const THREADS = 64;

/**
 * A tensor shaped like the first input; `value` is an expression of `index` and of `channel`, the position on the last
 * axis.
 */
export function mapElements(tf: TF, { value, ...given }: Inputs & { readonly value: string }): Tensor4D {
  const { shape, size } = Object.values(given.inputs)[0]!;
  const result = runKernel(tf, {
    ...given,
    sizes: { ...given.sizes, count: size, channels: shape[shape.length - 1]! },
    outputShape: shape,
    workgroups: [Math.ceil(size / THREADS), 1, 1],
    workgroupSize: [THREADS, 1, 1],
    body: `
      if (index >= uniforms.count) { return; }
      let channel = index % uniforms.channels;
      ${given.prepare ?? ""}
      result[index] = ${value};`,
  });
  return result as Tensor4D;
}
