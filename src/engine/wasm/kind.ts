/** The engine `wasm`, part of the package: nothing to install, and it works wherever Node does. */
import type { EngineKind } from "../engine-kind.js";
import { freeForTraining } from "../free-for-training.js";
import { MOST_BYTES } from "./arena.js";
import { createWasmEngine } from "./wasm-engine.js";

export const wasm: EngineKind = {
  name: "wasm",
  runsOn: "CPU, own kernels",
  hasDevice: false,
  precisions: ["float32"],
  create: async () => createWasmEngine(),
  workers: (threads) => threads,
  environment: () => ({}),
  // 0.67 to 0.74 in six spaces, by the plan of memory; buffers of small groups are rounded up.
  memory: async () => ({ bytes: await freeForTraining(), perWorker: MOST_BYTES, copies: 0.8 }),
  inspect: async () => ({ works: true, detail: createWasmEngine().description }),
};
