/** All engines, and the choice of one at start. */
import { UserError } from "../base/user-error.js";
import type { Engine, EngineName } from "./engine.js";
import type { EngineKind } from "./engine-kind.js";
import { node, nodeGpu } from "./tensorflow/kinds.js";
import { webgpu } from "./tensorflow/webgpu/kind.js";
import { wasm } from "./wasm/kind.js";

const byName: Readonly<Record<EngineName, EngineKind>> = { wasm, node, "node-gpu": nodeGpu, webgpu };

export const engines: readonly EngineKind[] = Object.values(byName);
/** Names of all engines, whether or not their libraries are installed. */
export const engineNames: readonly EngineName[] = engines.map(({ name }) => name);

/** The engine unless another is named: it comes with the package and is the fastest on a CPU. */
export const defaultEngine: EngineName = "wasm";

/** @throws UserError `engine/unknown` */
export function parseEngine(name: string): EngineName {
  const known = engineNames.find((engine) => engine === name);
  if (known) return known;
  throw new UserError("engine/unknown", {
    at: "--engine",
    got: name,
    want: engineNames.join(" or "),
    fix: "Leave it out for the embedded engine.",
  });
}

/** @throws UserError `engine/missing` where its library isn't installed */
export const createEngine = (name: EngineName): Promise<Engine> => byName[name].create();

/** Whether the engine computes on a device with memory of its own. */
export const hasDevice = (name: EngineName): boolean => byName[name].hasDevice;

/**
 * Prepares the process for an engine and returns how many workers to start. Call it in the main thread, before
 * `createEngine`.
 */
export function prepareEngine(name: EngineName, threads: number): { workers: number } {
  Object.assign(process.env, byName[name].environment(threads));
  return { workers: byName[name].workers(threads) };
}
