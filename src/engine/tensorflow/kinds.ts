/** The engines `node` and `node-gpu`. */
import type { EngineKind } from "../engine-kind.js";
import { freeForTraining } from "../free-for-training.js";
import { inspectBuild } from "./inspect.js";
import { libraryVersion, type TensorflowEngine } from "./installed.js";
import { installCommand } from "./locate.js";
import { createNodeEngine, environmentFor, workersOf } from "./node-engine.js";

const kindOf = (name: TensorflowEngine, runsOn: string): EngineKind => ({
  name,
  runsOn,
  hasDevice: name === "node-gpu",
  precisions: name === "node-gpu" ? ["float32", "tf32"] : ["float32"],
  install: installCommand(name),
  create: async () => createNodeEngine(name),
  workers: (threads) => workersOf(name, threads),
  environment: (threads, precision) => environmentFor(name, threads, precision),
  // 1.2 to 1.7 in two spaces, by the process's peak. TensorFlow.js can't say how much a GPU has.
  ...(name === "node" && { memory: async () => ({ bytes: await freeForTraining(), copies: 1.8 }) }),
  inspect: () => inspectBuild(name),
});

export const node = kindOf("node", `CPU, libtensorflow ${libraryVersion}`);
export const nodeGpu = kindOf("node-gpu", `NVIDIA GPU with a CUDA 12 driver, libtensorflow ${libraryVersion}`);
