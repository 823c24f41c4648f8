/**
 * Checks that a build computes correctly: runs a small net forward and backward and compares it with the wasm engine.
 * It does so in its own process, since a broken library ends the process that loads it.
 */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import type { TensorflowEngine } from "./installed.js";

/** A build of TensorFlow, and how much its results differ from the wasm engine's. */
export interface BuildCheck {
  /** Version of libtensorflow. */
  readonly version: string;
  readonly gpu: boolean;
  /** Largest difference from the wasm engine's logits and gradients, relative to the largest of them. */
  readonly difference: number;
}

export type CheckOutcome =
  { readonly kind: "works"; readonly check: BuildCheck } | { readonly kind: "fails"; readonly reason: string };

/** Float32 sums in another order differ by about 1e-6. */
const TOLERANCE = 1e-4;

export async function checkBuild(engine: TensorflowEngine, main: string): Promise<CheckOutcome> {
  const script = createRequire(import.meta.url).resolve("#engine-check");
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, engine, main], {
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" },
    });
    const check = JSON.parse(stdout.trim().split("\n").at(-1)!) as BuildCheck;
    // NaN counts as a difference.
    if (check.difference < TOLERANCE) return { kind: "works", check };
    return { kind: "fails", reason: `differs from the wasm engine by ${check.difference}` };
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const reason = stderr.split("\n").find((line) => /error|cannot/i.test(line)) ?? message.split("\n")[0]!;
    return { kind: "fails", reason: reason.trim() };
  }
}
