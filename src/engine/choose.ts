/** The choice of engine at start. */
import { UserError } from "../base/user-error.js";
import type { Engine, EngineName } from "./engine.js";
import { createNodeEngine, environmentFor, workersOf } from "./tensorflow/node-engine.js";
import { createWebgpuEngine } from "./tensorflow/webgpu/webgpu-engine.js";
import { createWasmEngine } from "./wasm/wasm-engine.js";

interface Choice {
  create(): Promise<Engine>;
  /** Threads that take norm groups: all of them, or one where the library has threads of its own. */
  workers(threads: number): number;
  environment(threads: number): Readonly<Record<string, string>>;
}

const tensorflow = (name: "node" | "node-gpu"): Choice => ({
  create: async () => createNodeEngine(name),
  workers: (threads) => workersOf(name, threads),
  environment: (threads) => environmentFor(name, threads),
});

const engines: Record<EngineName, Choice> = {
  wasm: { create: async () => createWasmEngine(), workers: (threads) => threads, environment: () => ({}) },
  node: tensorflow("node"),
  "node-gpu": tensorflow("node-gpu"),
  webgpu: { create: createWebgpuEngine, workers: () => 1, environment: () => ({}) },
};

export const engineNames = ["auto", ...(Object.keys(engines) as EngineName[])] as const;

/** @throws UserError `engine/unknown` */
export function parseEngine(name: string): EngineName {
  if (name === "auto") return "wasm";
  if (name in engines) return name as EngineName;
  throw new UserError("engine/unknown", {
    at: "--engine",
    got: name,
    want: engineNames.join(" or "),
    fix: "Leave it out for the embedded engine.",
  });
}

/** @throws UserError `engine/missing` where its library isn't installed */
export const createEngine = (name: EngineName): Promise<Engine> => engines[name].create();

/** Readies the process for an engine and says how many workers to start. In the main thread, before the first `createEngine`. */
export function prepareEngine(name: EngineName, threads: number): { workers: number } {
  Object.assign(process.env, engines[name].environment(threads));
  return { workers: engines[name].workers(threads) };
}
