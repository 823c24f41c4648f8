/** The engines `node` and `node-gpu`: TensorFlow.js on libtensorflow. */
import { UserError } from "../../base/user-error.js";
import type { Engine } from "../engine.js";
import { libtensorflowKernels, type NodeBackend } from "./libtensorflow.js";
import { loadTensorflow, type TensorflowEngine } from "./locate.js";
import { createTensorflowEngine } from "./tensorflow-engine.js";

/** @throws UserError `engine/missing`, `engine/no-gpu` */
export function createNodeEngine(name: TensorflowEngine): Engine {
  const tf = loadTensorflow(name);
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as NodeBackend;
  if (name === "node-gpu" && !isUsingGpuDevice) {
    throw new UserError("engine/no-gpu", {
      at: "--engine node-gpu",
      got: "a library that sees no GPU",
      want: "an NVIDIA GPU with a CUDA 12 driver",
      fix: "nvidia-smi shows what the driver sees; or use --engine node.",
    });
  }
  return createTensorflowEngine(tf, libtensorflowKernels(tf), {
    name,
    description: `${name} (TensorFlow ${binding.TF_Version})`,
  });
}

/**
 * What libtensorflow reads from the environment when it is loaded: its threads, and no lines at start-up.
 * To be set in the main thread: a worker's process.env is a copy that native code doesn't see.
 */
export const environmentFor = (threads: number): Readonly<Record<string, string>> => ({
  TF_NUM_INTRAOP_THREADS: String(threads),
  TF_NUM_INTEROP_THREADS: "1",
  TF_CPP_MIN_LOG_LEVEL: process.env["TF_CPP_MIN_LOG_LEVEL"] ?? "2",
});
