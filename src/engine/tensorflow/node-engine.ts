/** The engines `node` and `node-gpu`: TensorFlow.js on libtensorflow. */
import { totalmem } from "node:os";
import { gigabytes } from "../../base/format.js";
import { UserError } from "../../base/user-error.js";
import { activationBytes } from "../../graph/analyses.js";
import type { PlainGraph } from "../../graph/graph.js";
import type { Engine, ProgramSize, TrainingPrecision } from "../engine.js";
import { outOfMemory } from "../memory-error.js";
import type { TF } from "./backend.js";
import type { TensorflowEngine } from "./installed.js";
import { libtensorflowKernels, nodeBackendOf } from "./libtensorflow.js";
import { isOwnBuild, loadTensorflow } from "./locate.js";
import { createTensorflowEngine } from "./tensorflow-engine.js";

/** @throws UserError `engine/missing`, `engine/no-gpu` */
export function createNodeEngine(name: TensorflowEngine): Engine {
  const tf = loadTensorflow(name);
  if (name === "node-gpu" && !gpuOf(tf)) {
    throw new UserError("engine/no-gpu", {
      at: "--engine node-gpu",
      got: "a library that sees no GPU",
      want: "an NVIDIA GPU with a CUDA 12 driver",
      fix: "Run nvidia-smi to see what the driver finds, or use --engine node.",
    });
  }
  return nodeEngineOf(name, tf);
}

export function nodeEngineOf(name: TensorflowEngine, tf: TF): Engine {
  const description = `${name} (TensorFlow ${versionOf(tf)})`;
  const engine = createTensorflowEngine(tf, libtensorflowKernels(tf), { name, description });
  if (name === "node-gpu") return engine;
  return {
    ...engine,
    compile(graph, size) {
      checkMemory(graph, size);
      return engine.compile(graph, size);
    },
  };
}

/**
 * Refuses what this machine's memory can't hold. On processors with AVX-512 TensorFlow's convolutions are oneDNN's, which write to memory
 * that they weren't given: the process would end without a word.
 * @throws UserError `engine/memory`
 */
function checkMemory(graph: PlainGraph<"trained">, { batch, resolution }: ProgramSize): void {
  const needs = batch * activationBytes(graph, resolution);
  const most = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  if (needs <= most) return;
  throw outOfMemory(
    "the memory of this machine",
    `${gigabytes(most)}; a pass over ${batch} images of ${resolution} pixels makes values of ${gigabytes(needs)}`,
  );
}

export const versionOf = (tf: TF): string => nodeBackendOf(tf).binding.TF_Version;
export const gpuOf = (tf: TF): boolean => nodeBackendOf(tf).isUsingGpuDevice;

/**
 * Norm groups run on worker threads, and each operator on its worker's own thread: this keeps more cores busy than
 * threads inside operators do, and sums never depend on the number of threads. The GPU serves only one worker, and so
 * does an official binding, whose state is process-wide.
 */
export const workersOf = (engine: TensorflowEngine, threads: number): number =>
  engine === "node" && isOwnBuild(engine) ? threads : 1;

/**
 * Variables that libtensorflow reads when it is loaded: the number of its threads, and silence at start-up. One thread
 * inside operators also keeps oneDNN safe: with more, TensorFlow 2.21 sometimes crashes when its cache of 1,024
 * primitives is full (LRUCache<MklPrimitive>::Delete), which happens with children of many shapes. Set them in the main
 * thread: a worker's process.env is a copy that native code doesn't see.
 */
export const environmentFor = (
  engine: TensorflowEngine,
  threads: number,
  precision: TrainingPrecision,
): Readonly<Record<string, string>> => ({
  TF_NUM_INTRAOP_THREADS: String(engine === "node" ? 1 : threads),
  TF_NUM_INTEROP_THREADS: "1",
  // TensorFlow lets GPUs round to tf32 unless NVIDIA's libraries are kept from it.
  ...(engine === "node-gpu" && precision === "float32" && { NVIDIA_TF32_OVERRIDE: "0" }),
  TF_CPP_MIN_LOG_LEVEL: process.env["TF_CPP_MIN_LOG_LEVEL"] ?? "2",
});
