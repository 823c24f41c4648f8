/** A run given minutes: the number of steps is measured once, written down, and changes nothing else. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { alone } from "../../src/ranks/ranks.js";
import { planRun } from "../../src/train/plan-run.js";
import { stepsIn } from "../../src/train/steps-in.js";
import { checkpointBytes, images, logOf, source, temporaryFolder, tinyRecipe, tinySpace, trainTiny } from "./tiny.js";

const MINUTES = 0.03;

test("a hundred times the minutes allow many more steps", async () => {
  const plan = await planRun({ space: tinySpace, data: images, source, recipe: tinyRecipe() });
  const [few, many] = [await stepsIn(1, plan, 1, alone), await stepsIn(100, plan, 1, alone)];
  expect(few).toBeGreaterThan(1);
  // Within what a disturbed machine may change.
  expect(many / few).toBeGreaterThan(10);
});

test("a run given minutes equals a run given the number of steps that these allow", async () => {
  const timed = await trainTiny({ minutes: MINUTES });
  const counted = await trainTiny({ steps: timed.steps });
  expect(await checkpointBytes(timed.out)).toEqual(await checkpointBytes(counted.out));
  expect(await logOf(timed.out)).toEqual(await logOf(counted.out));
});

test("a resumed run keeps the number of steps that it began with", async () => {
  const out = await temporaryFolder();
  const stop = new Error("stopped here");
  let total = 0;
  const onStep = (step: number, totalSteps: number): void => {
    total = totalSteps;
    if (step === Math.ceil(totalSteps / 2)) throw stop;
  };
  await expect(trainTiny({ out, minutes: MINUTES, onStep })).rejects.toThrow(stop);
  const resumed = await trainTiny({ out, minutes: 10 * MINUTES, resume: true });
  expect(resumed.steps).toBe(total);
  const { position } = await openCheckpoint(join(out, "checkpoint"));
  expect(position).toMatchObject({ step: total, totalSteps: total });
});

test("with hardly any time it does one step", async () => {
  const { steps } = await trainTiny({ minutes: 1e-6 });
  expect(steps).toBe(1);
});
