/** The engine `pjrt`: by a plugin that is installed, or by the path of one. */
import { existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { UserError } from "../../base/user-error.js";
import { trainingPrecisions, type EngineName } from "../engine.js";
import type { EngineKind } from "../engine-kind.js";
import { freeForTraining } from "../free-for-training.js";
import { installedPlugin, pjrtPlatforms } from "./installed.js";
import { createPjrtEngine } from "./pjrt-engine.js";
import { probePlugin, requirePlugin } from "./probe-process.js";

/** `pjrt:` and the path of a plugin. */
export type PluginName = Extract<EngineName, `pjrt:${string}`>;

export const isPluginName = (name: EngineName): name is PluginName => name.startsWith(prefix);

const prefix = "pjrt:";
const install = "nestling engine install pjrt";

/**
 * How many times XLA's temporary memory holds the activations at most (test/engine/pjrt/memory.test.ts). On CUDA 0.71 for `fashion` and 0.67 for
 * `bignas`, compiled ahead for an H100 (bench/train/ahead.mjs), without what cuDNN takes besides.
 */
export const copiesOn: Readonly<Record<string, number>> = { cpu: 3.3, cuda: 1 };

const kindOf = (name: "pjrt" | PluginName, plugin: () => string | undefined): EngineKind => ({
  name,
  runsOn: "what a PJRT plugin has: CPU, NVIDIA GPU, TPU",
  hasDevice: true,
  precisions: trainingPrecisions,
  install,
  async create(precision) {
    const path = plugin();
    if (path === undefined) throw noPlugin();
    // The main thread tries it, and leaves the device to the worker thread that trains.
    const description = isMainThread ? `pjrt (${(await requirePlugin(path)).description})` : `pjrt (${path})`;
    return createPjrtEngine(path, { name, description }, { precision });
  },
  workers: () => 1,
  // Warnings, but no notes. The plugin has as many threads as there are cores: another number may sum in another order.
  environment: () => ({ TF_CPP_MIN_LOG_LEVEL: process.env["TF_CPP_MIN_LOG_LEVEL"] ?? "1" }),
  async memory() {
    const path = plugin();
    if (path === undefined) throw noPlugin();
    const { platform, memory, devices } = await requirePlugin(path);
    const bytes = platform === "cpu" ? await freeForTraining() : memory;
    const copies = copiesOn[platform];
    return bytes === undefined || copies === undefined ? undefined : { bytes, copies, devices };
  },
  async inspect() {
    const path = plugin();
    if (path === undefined) return { works: false, detail: `to install it: ${install}` };
    const probe = await probePlugin(path);
    if (probe.state === "present") return { works: true, detail: `${probe.description}; ${path}` };
    const { at, got = "", fix } = probe.problem;
    return { works: false, detail: `${at} is ${got}; ${fix}` };
  },
});

/** By the installed plugin with the best device. */
export const pjrt: EngineKind = kindOf("pjrt", () => pjrtPlatforms.map(installedPlugin).find(existsSync));

export const pjrtBy = (name: PluginName): EngineKind => kindOf(name, () => name.slice(prefix.length));

const noPlugin = (): UserError =>
  new UserError("engine/missing", {
    at: "--engine pjrt",
    got: "without a plugin",
    want: "one that is installed, or its path",
    fix: `Run ${install}, give a path by --engine pjrt:PATH, or use --engine wasm.`,
  });
