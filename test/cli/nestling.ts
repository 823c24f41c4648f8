/** The command line as a user runs it: a process of its own. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function nestling(...args: readonly string[]): Outcome {
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
}

/** Started, not waited for. */
export const start = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [main, ...args], { stdio: "ignore" });
