/** The real mpirun over this machine's loopback, and how to find one of its ranks. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Outcome } from "../cli/nestling.js";

export const mpirunMissing = spawnSync("mpirun", ["--version"]).status !== 0;
/** For the name of what is skipped. */
export const needsMpirun = mpirunMissing ? " (skipped: no mpirun here; apt-get install openmpi-bin)" : "";

export const main = resolve(import.meta.dirname, "../../dist/cli/main.js");
const onOneMachine = ["--allow-run-as-root", "--oversubscribe"];

/** Runs a program on every rank and waits. */
export function mpirun(
  ranks: number,
  program: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Outcome {
  const args = [...onOneMachine, "-np", String(ranks), ...program];
  // A job that hangs is a failure, not a hanging test.
  return spawnSync("mpirun", args, { encoding: "utf8", timeout: 90_000, env: { ...process.env, ...environment } });
}

export const startMpirun = (ranks: number, program: readonly string[]): ChildProcess =>
  spawn("mpirun", [...onOneMachine, "-np", String(ranks), ...program], { stdio: ["ignore", "ignore", "pipe"] });

/** The process of one rank. */
export function pidOf(job: ChildProcess, rank: number): number {
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(job.pid)], { encoding: "utf8" });
  const found = stdout
    .split("\n")
    .map(Number)
    .find((pid) => pid > 0 && rankOf(pid) === rank);
  if (found === undefined) throw new Error(`rank ${rank} of mpirun ${job.pid ?? "?"} is not there`);
  return found;
}

function rankOf(pid: number): number {
  const found = /(?:^|\0)OMPI_COMM_WORLD_RANK=(\d+)/.exec(readFileSync(`/proc/${pid}/environ`, "utf8"));
  return Number(found?.[1] ?? NaN);
}
