/** The engine `wasm`, part of the package: nothing to install, and it works wherever Node does. */
import type { EngineKind } from "../engine-kind.js";
import { createWasmEngine } from "./wasm-engine.js";

export const wasm: EngineKind = {
  name: "wasm",
  runsOn: "CPU, own kernels",
  hasDevice: false,
  precisions: ["float32"],
  create: async () => createWasmEngine(),
  workers: (threads) => threads,
  environment: () => ({}),
  inspect: async () => ({ works: true, detail: createWasmEngine().description }),
};
