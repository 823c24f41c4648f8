/** All engines, and the choice of one at start. */
import { resolve } from "node:path";
import { UserError } from "../base/user-error.js";
import type { Engine, EngineName, TrainingPrecision } from "./engine.js";
import type { EngineKind, TrainingMemory } from "./engine-kind.js";
import { isPluginName, pjrt, pjrtBy } from "./pjrt/kind.js";
import { node, nodeGpu } from "./tensorflow/kinds.js";
import { webgpu } from "./tensorflow/webgpu/kind.js";
import { wasm } from "./wasm/kind.js";

export const engines: readonly EngineKind[] = [wasm, node, nodeGpu, webgpu, pjrt];
/** Names of all engines, whether or not their libraries are installed. `pjrt:` and the path of a plugin is one more. */
export const engineNames: readonly EngineName[] = engines.map(({ name }) => name);

const kindOf = (name: EngineName): EngineKind =>
  isPluginName(name) ? pjrtBy(name) : engines.find((engine) => engine.name === name)!;

/** The engine unless another is named: it comes with the package and is the fastest on a CPU. */
export const defaultEngine: EngineName = "wasm";

/**
 * Takes a plugin's path from the working folder.
 * @throws UserError `engine/unknown`
 */
export function parseEngine(name: string): EngineName {
  const known = engineNames.find((engine) => engine === name);
  if (known) return known;
  const [, plugin] = /^pjrt:(.+)$/s.exec(name) ?? [];
  if (plugin !== undefined) return `pjrt:${resolve(plugin)}`;
  throw new UserError("engine/unknown", {
    at: "--engine",
    got: name,
    want: `${engineNames.join(" or ")} or pjrt:PATH`,
    fix: "Leave it out for the embedded engine.",
  });
}

/**
 * @param precision one that the engine has
 * @throws UserError `engine/missing` where its library isn't installed, `engine/no-gpu`, `engine/device`, `engine/plugin`
 */
export const createEngine = (name: EngineName, precision: TrainingPrecision = "float32"): Promise<Engine> =>
  kindOf(name).create(precision);

/** @throws UserError `engine/precision` where the engine doesn't have it */
export function checkPrecision(name: EngineName, precision: TrainingPrecision): void {
  const { precisions } = kindOf(name);
  if (precisions.includes(precision)) return;
  const having = engines.filter((engine) => engine.precisions.includes(precision)).map((engine) => engine.name);
  throw new UserError("engine/precision", {
    at: "--precision-train",
    got: precision,
    want: `${precisions.join(" or ")} on engine ${name}`,
    fix: `Leave it out for float32, or use --engine ${having.join(" or ")}.`,
  });
}

/** Whether the engine computes on a device with memory of its own. */
export const hasDevice = (name: EngineName): boolean => kindOf(name).hasDevice;

/**
 * Prepares the process for an engine and returns how many workers to start. Call it in the main thread, before
 * `createEngine`.
 */
export function prepareEngine(
  name: EngineName,
  threads: number,
  precision: TrainingPrecision = "float32",
): { workers: number } {
  Object.assign(process.env, kindOf(name).environment(threads, precision));
  return { workers: kindOf(name).workers(threads) };
}

/** What the training may use, and how many workers share it; undefined where that isn't known. */
export async function memoryOf(
  name: EngineName,
  threads: number,
): Promise<(TrainingMemory & { readonly workers: number }) | undefined> {
  const kind = kindOf(name);
  const found = await kind.memory?.();
  return found && { ...found, workers: kind.workers(threads) };
}
