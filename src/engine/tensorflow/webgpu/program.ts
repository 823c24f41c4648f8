/** This project's own WGSL, run by the backend: it caches pipelines by key, batches dispatches and recycles buffers. */
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
      /** Of workgroups. */
      dispatch: Triple;
      readonly workgroupSize: Triple;
      getUserCode(): string;
    },
    inputs: readonly TensorInfo[],
    type: "float32",
    uniforms: readonly { type: "int32" | "float32"; data: readonly number[] }[],
  ): TensorInfo;
}

/** What a kernel reads. */
export interface Inputs {
  /** Says what the code depends on, beyond the ranks of its tensors: one pipeline is compiled for a key. */
  readonly key: string;
  /** Buffers that the code reads by their names. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Numbers that it reads as `uniforms.name`, so that other sizes need no other pipeline. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Read as `uniforms.epsilon`. */
  readonly epsilon?: number;
  /** WGSL outside of the kernel: functions, shared memory. */
  readonly declarations?: string;
  /** WGSL statements before what follows. */
  readonly prepare?: string;
}

export interface Kernel extends Omit<Inputs, "prepare"> {
  readonly outputShape: readonly number[];
  readonly workgroups: Triple;
  readonly workgroupSize: Triple;
  /** Writes `result`. */
  readonly body: string;
}

export function runKernel(tf: TF, kernel: Kernel): Tensor {
  const { key, inputs, sizes = {}, epsilon = 0, outputShape, workgroups, workgroupSize, declarations = "" } = kernel;
  const backend = tf.backend() as unknown as ProgramRunner;
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

/** A tensor shaped like the first input; `value` is an expression of index and, along the last axis, channel. */
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
