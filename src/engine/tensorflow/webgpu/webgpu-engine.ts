/** The engine `webgpu`: TensorFlow.js on Dawn, for any GPU with a driver. */
import type { Engine } from "../../engine.js";
import { outOfMemory } from "../../memory-error.js";
import type { TF } from "../backend.js";
import { residentSupernet } from "../resident/resident.js";
import { createTensorflowEngine } from "../tensorflow-engine.js";
import { registerKernels, webgpuKernels } from "./kernels.js";
import { openWebgpu } from "./load.js";
import { requireWebgpu } from "./probe-process.js";

/** @throws UserError `engine/missing` */
export async function createWebgpuEngine(): Promise<Engine> {
  await requireWebgpu();
  const { tf, device, description } = await openWebgpu();
  registerKernels(tf);
  // One of the backend's matrix products sums with atomics, in any order. This one, for large outputs, sums in a fixed
  // order.
  tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", 3);
  const kernels = webgpuKernels(tf);
  const engine = createTensorflowEngine(tf, kernels, { name: "webgpu", description });
  let failure: Error | undefined;
  device.addEventListener("uncapturederror", ({ error }) => (failure ??= failureOf(error)));
  /** The GPU reports errors asynchronously; once it has, results are invalid. */
  const checked = async <T>(result: Promise<T>): Promise<T> => {
    // A buffer that there is no memory for can't be read either, which says less.
    const value = await result.catch((error: unknown) => {
      throw failure ?? error;
    });
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
        dispose() {
          program.dispose();
          releaseFreeBuffers(tf);
        },
      };
    },
    resident(options) {
      const supernet = residentSupernet(tf, kernels, options);
      return {
        ...supernet,
        gradient: () => checked(supernet.gradient()),
        update: (given) => checked(supernet.update(given)),
        arrays: () => checked(supernet.arrays()),
      };
    },
    dispose() {
      tf.removeBackend("webgpu");
      device.destroy();
    },
  };
}

/** A buffer beyond the device's limit is an error of validation. */
const BEYOND_LIMIT = /exceeds the max (?:buffer size|storage buffer binding size) limit/;

function failureOf({ constructor, message }: Error): Error {
  const isOut = constructor.name === "GPUOutOfMemoryError" || BEYOND_LIMIT.test(message);
  return isOut ? outOfMemory("the GPU's memory", message.split("\n")[0]!) : new Error(`internal: webgpu: ${message}`);
}

/** The part of tfjs-backend-webgpu's BufferManager that holds unused buffers. */
interface BufferManager {
  readonly freeBuffers: Map<unknown, { readonly size: number; destroy(): void }[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
}

const hasBufferManager = (backend: object): backend is { readonly bufferManager: BufferManager } =>
  "bufferManager" in backend;

/** The backend keeps free buffers of each exact size for ever, and every sliced child needs other sizes. */
function releaseFreeBuffers(tf: TF): void {
  const backend: object = tf.backend();
  if (!hasBufferManager(backend)) throw new Error("internal: the backend of TensorFlow.js is not webgpu");
  const { bufferManager } = backend;
  for (const buffers of bufferManager.freeBuffers.values()) {
    for (const buffer of buffers.splice(0)) {
      bufferManager.numFreeBuffers--;
      bufferManager.numBytesAllocated -= buffer.size;
      buffer.destroy();
    }
  }
}
