/** A finished tiny run, made by the command line itself: trained, searched, one child exported. */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { copyOfMadeOnce } from "../made-once.js";
import { runNestling } from "./bad-input.js";

export const finishedSteps = 4;
const space = resolve("fixtures/spaces/tiny.json");

export const trainArgs = (out: string): readonly string[] => [
  ...["train", "--space", space, "--data", "fixtures/fashion-mnist", "--out", out],
  ...["--steps", `${finishedSteps}`, "--batch", "32", "--recipe", `${out}/recipe.json`],
];
/** Latency sessions of tests are short: what is asked is not how long children take. */
export const shortly = ["--seconds", "0.1"] as const;
export const searchArgs = (run: string): readonly string[] => [
  ...["search", run, "--budget", "macs=1M", "--fine", "1", "--recalibration-images", "64", ...shortly],
];

/** @returns `folder`/run */
export async function makeFinishedRun(folder: string): Promise<string> {
  await copyOfMadeOnce("finished-run", folder, make);
  return join(folder, "run");
}

async function make(folder: string): Promise<void> {
  const must = async (...args: readonly string[]): Promise<void> => {
    const { status, stderr } = await runNestling(args, { cwd: folder });
    expect(status, stderr).toBe(0);
  };
  await mkdir(join(folder, "run"));
  await writeFile(join(folder, "run/recipe.json"), JSON.stringify({ name: "tiny", normGroup: 16 }));
  await must(...trainArgs("run"));
  await must(...searchArgs("run"));
  await must(
    "export",
    "run",
    "--arch",
    "smallest",
    "--out",
    "run/child.onnx",
    "--recalibration-images",
    "64",
    ...shortly,
  );
}
