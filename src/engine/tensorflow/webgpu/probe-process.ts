/** Tests in a separate process whether the engine `webgpu` works here: a broken driver ends only that process. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { UserError } from "../../../base/user-error.js";

export type Probe =
  | { readonly state: "present"; readonly description: string }
  | { readonly state: "missing"; readonly got: string; readonly want?: string; readonly fix?: string };

/** A software driver takes seconds to compile its first shader. */
const PATIENCE_MS = 60_000;

export async function probeWebgpu(): Promise<Probe> {
  const script = createRequire(import.meta.url).resolve("#webgpu-probe");
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: PATIENCE_MS });
    return JSON.parse(stdout) as Probe;
  } catch (error) {
    const { code, signal } = error as { code?: number | string; signal?: string };
    return { state: "missing", got: `a driver that ends the process (${signal ?? `code ${code}`})` };
  }
}

/** @throws UserError `engine/missing` if no GPU works or a package is missing */
export async function requireWebgpu(): Promise<void> {
  const probe = await probeWebgpu();
  if (probe.state === "present") return;
  throw new UserError("engine/missing", {
    at: "--engine webgpu",
    want: "a GPU that computes",
    fix: "Run nestling doctor to see what is there, or use --engine wasm.",
    ...probe,
  });
}
