/** Loads koffi, which calls C from Node: it comes with nestling unless optional packages were left out. */
import { createRequire } from "node:module";
import { join } from "node:path";
import type Koffi from "koffi";
import { UserError } from "../../../base/user-error.js";

const koffiPackage = "koffi@3.3.4";

/** Its maximum. Native code runs on a stack of koffi's own, which CUDA's compiler overflows by default, and the process ends. */
const STACK_BYTES = 16 << 20;

let loaded: typeof Koffi | undefined;

/**
 * Looks beside nestling, where its version is known, and in the user's project.
 * @throws UserError `engine/missing`
 */
export const loadKoffi = (): typeof Koffi => (loaded ??= findKoffi());

function findKoffi(): typeof Koffi {
  const failures: string[] = [];
  for (const start of [import.meta.filename, join(process.cwd(), "index.js")]) {
    try {
      const koffi = createRequire(start)("koffi") as typeof Koffi;
      koffi.config({ ...koffi.config(), sync_stack_size: STACK_BYTES, async_stack_size: STACK_BYTES });
      return koffi;
    } catch (error) {
      failures.push((error as Error).message.split("\n")[0]!);
    }
  }
  throw new UserError("engine/missing", {
    at: "--engine pjrt",
    got: `without the npm package koffi (${failures[0]!})`,
    want: `${koffiPackage}, by which it calls the plugin`,
    fix: `Run npm install ${koffiPackage}, or use --engine wasm.`,
  });
}
