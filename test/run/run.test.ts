import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { sha256Of } from "../../src/base/hash.js";
import { encodeSafetensors } from "../../src/checkpoint/safetensors.js";
import { layoutOf } from "../../src/graph/layout.js";
import { openRun } from "../../src/run/run.js";
import { namedArrays } from "../../src/supernet/weights.js";
import { start } from "../cli/nestling.js";
import { source, temporaryFolder } from "../train/tiny.js";

test("a run is opened while another process trains it, with the weights that it says it has", async () => {
  const out = await temporaryFolder();
  const made = ["--space", "fixtures/spaces/tiny.json", "--data", source, "--out", out];
  // A checkpoint after every 12 steps, which take less time than the images do.
  const training = start("train", ...made, "--steps", "240", "--batch", "8", "--threads", "1");
  const isThere = (): Promise<boolean> =>
    stat(join(out, "checkpoint/checkpoint.json")).then(
      () => true,
      () => false,
    );
  while (training.exitCode === null && !(await isThere())) await delay(10);
  const steps: number[] = [];
  while (training.exitCode === null) {
    const run = await openRun(out, source);
    const stored = encodeSafetensors(namedArrays(layoutOf(run.supernet.graph), run.weights));
    expect(sha256Of(stored)).toBe(run.weightsHash);
    steps.push(run.steps);
  }
  expect(training.exitCode).toBe(0);
  expect(new Set(steps).size).toBeGreaterThan(1);
});
