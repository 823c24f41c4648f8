/**
 * Finds @tensorflow/tfjs-node or tfjs-node-gpu: in the user's project, beside nestling, or where `nestling engine
 * install` put it.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import nodeUtil from "node:util";
import { UserError } from "../../base/user-error.js";
import type { TF } from "./backend.js";
import { installedMain, packageOf, type TensorflowEngine } from "./installed.js";

/**
 * Paths of the package's main file wherever its native binding is installed too, in order of preference: our own build
 * first, since its library is newer and its binding may run on worker threads.
 */
export function locate(engine: TensorflowEngine): string[] {
  const official = [join(process.cwd(), "index.js"), import.meta.filename].flatMap((start) => {
    try {
      return [createRequire(start).resolve(packageOf(engine))];
    } catch {
      return [];
    }
  });
  return [...new Set([installedMain(engine), ...official])].filter((main) =>
    existsSync(join(main, "../../lib/napi-v8/tfjs_binding.node")),
  );
}

/** Whether the engine is a build of `nestling engine install`: worker threads can share its library. */
export const isOwnBuild = (engine: TensorflowEngine): boolean => locate(engine)[0] === installedMain(engine);

/** Loads the package from its main file. */
export function loadPackage(main: string): TF {
  bridgeUtil();
  return createRequire(main)(main) as TF;
}

/**
 * Loads the package from the first place that works.
 * @throws UserError `engine/missing` with the failure of each place
 */
export function loadTensorflow(engine: TensorflowEngine): TF {
  const failures: string[] = [];
  for (const main of locate(engine)) {
    try {
      return loadPackage(main);
    } catch (error) {
      failures.push(`${main}: ${(error as Error).message.split("\n")[0]!}`);
    }
  }
  throw new UserError("engine/missing", {
    at: `--engine ${engine}`,
    got: failures.length > 0 ? `not loadable (${failures.join("; ")})` : "not installed",
    want: `${packageOf(engine)} with its native library`,
    fix: `Run ${installCommand(engine)}, or use --engine wasm.`,
  });
}

export const installCommand = (engine: TensorflowEngine): string =>
  `nestling engine install${engine === "node-gpu" ? " --gpu" : ""}`;

/**
 * Node 23 removed functions of `util` that tfjs-node 4.22.0 calls (tensorflow/tfjs#8609, fixed on main, never
 * released).
 */
function bridgeUtil(): void {
  const missing = {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
  };
  for (const [name, value] of Object.entries(missing)) {
    if (!(name in nodeUtil)) Object.assign(nodeUtil, { [name]: value });
  }
}
