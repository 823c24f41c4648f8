/** Where @tensorflow/tfjs-node or tfjs-node-gpu lies: in the user's project or beside nestling. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import nodeUtil from "node:util";
import { UserError } from "../../base/user-error.js";
import type { TF } from "./backend.js";

export type TensorflowEngine = "node" | "node-gpu";

export const packageOf = (engine: TensorflowEngine): string =>
  engine === "node" ? "@tensorflow/tfjs-node" : "@tensorflow/tfjs-node-gpu";

/** Files that module resolution starts from, in the order of preference. */
const starts = [join(process.cwd(), "index.js"), import.meta.filename];

/** Paths of the package's main file, wherever it is installed with its native binding. */
export function locate(engine: TensorflowEngine): string[] {
  return starts.flatMap((start) => {
    try {
      const main = createRequire(start).resolve(packageOf(engine));
      return existsSync(join(main, "../../lib/napi-v8/tfjs_binding.node")) ? [main] : [];
    } catch {
      return [];
    }
  });
}

/**
 * Loads the package; the first that works.
 * @throws UserError `engine/missing` with what each place said
 */
export function loadTensorflow(engine: TensorflowEngine): TF {
  bridgeUtil();
  const failures: string[] = [];
  for (const main of locate(engine)) {
    try {
      return createRequire(main)(main) as TF;
    } catch (error) {
      failures.push(`${main}: ${(error as Error).message.split("\n")[0]!}`);
    }
  }
  throw new UserError("engine/missing", {
    at: `--engine ${engine}`,
    got: failures.length > 0 ? `not loadable (${failures.join("; ")})` : "not installed",
    want: `${packageOf(engine)} with its native library`,
    fix: `Run npm install ${packageOf(engine)}@4.22.0, whose script fetches the library, or use --engine wasm.`,
  });
}

/** Node 23 removed functions of `util` that tfjs-node 4.22.0 calls (tensorflow/tfjs#8609, mended on main, never released). */
function bridgeUtil(): void {
  const util = nodeUtil as unknown as Record<string, unknown>;
  util["isArray"] ??= Array.isArray;
  util["isNullOrUndefined"] ??= (value: unknown): boolean => value === null || value === undefined;
}
