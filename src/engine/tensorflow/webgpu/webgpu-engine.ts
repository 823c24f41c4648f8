/** The engine `webgpu`: TensorFlow.js on Dawn, for any GPU with a driver. */
import type { Engine } from "../../engine.js";
import { createTensorflowEngine } from "../tensorflow-engine.js";
import { registerKernels, webgpuKernels } from "./kernels.js";
import { openWebgpu } from "./load.js";
import { requireWebgpu } from "./probe-process.js";

/** @throws UserError `engine/missing` */
export async function createWebgpuEngine(): Promise<Engine> {
  await requireWebgpu();
  const { tf, device, description } = await openWebgpu();
  registerKernels(tf);
  // Of the backend's matrix products one adds up by atomics, in any order; this is the one for large outputs, in a fixed order.
  tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", 3);
  const engine = createTensorflowEngine(tf, webgpuKernels(tf), { name: "webgpu", description });
  let failure: Error | undefined;
  device.addEventListener(
    "uncapturederror",
    ({ error }) => (failure ??= new Error(`internal: webgpu: ${error.message}`)),
  );
  /** What the GPU refused is told later, beside the results: they are worth nothing then. */
  const checked = async <T>(result: Promise<T>): Promise<T> => {
    const value = await result;
    if (failure) throw failure;
    return value;
  };
  return {
    ...engine,
    compile(graph, size) {
      const program = engine.compile(graph, size);
      return {
        ...program,
        forward: (...given) => checked(program.forward(...given)),
        backward: (...given) => checked(program.backward(...given)),
      };
    },
    dispose() {
      tf.removeBackend("webgpu");
      device.destroy();
    },
  };
}
