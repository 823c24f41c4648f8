/** Real runs that explode, and what they leave. */
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { openCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { collapseGuard } from "../../src/train/collapse.js";
import { nestling } from "../cli/nestling.js";
import { logOf, source, temporaryFolder, tinyRecipeData, trainTiny } from "./tiny.js";

const exploding = (perImage: number, warmupEpochs = 0) => ({
  optimizer: { kind: "sgd-nesterov" },
  clipNorm: null,
  dropout: 0,
  weightDecay: 0,
  learningRate: { perImage, warmupEpochs },
});

async function keptBy(out: string) {
  const { position, weights } = await openCheckpoint(join(out, "checkpoint"));
  for (const { data } of (await weights()).values()) expect(data.every(Number.isFinite)).toBe(true);
  return position!;
}

test("a loss that is no number stops the run; the checkpoint kept is finite and loads", async () => {
  const out = await temporaryFolder();
  // Every step is a checkpoint, so the exploded weights had their chance to be one.
  const run = trainTiny({ out, steps: 20, recipe: exploding(1e10) });
  await expect(run).rejects.toThrow(
    /^step \d+ is a (loss|gradient) of .*the last good checkpoint is kept in .*checkpoint/,
  );
  expect((await keptBy(out)).step).toBeLessThan(20);
});

test("a run that learned and falls back to chance is stopped; the checkpoint kept is of before the fall", async () => {
  const out = await temporaryFolder();
  const run = trainTiny({ out, steps: 400, threads: 2, recipe: exploding(0.1, 1) });
  await expect(run).rejects.toThrow(/^step \d+ is an accuracy of the biggest child of \d+\.\d % after \d+\.\d %/);
  const { step } = await keptBy(out);
  const log = await logOf(out);
  const accuracies = log.filter((line) => line.step <= step).map(({ biggest }) => biggest!.accuracy);
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(step).toBeGreaterThan(0);
  expect(mean(accuracies.slice(-8))).toBeGreaterThan(0.15);
  expect(step).toBeLessThan(log.at(-1)!.step);
});

test("a loss far above guessing stops a run that never learned", async () => {
  await expect(trainTiny({ steps: 300, threads: 2, recipe: exploding(1) })).rejects.toThrow(
    /^step \d+ is a loss of \d/,
  );
});

test("on the command line: exit code 2, one clear message, and the run resumes to the same end", async () => {
  const [out, recipe] = [await temporaryFolder(), join(await temporaryFolder(), "recipe.json")];
  await writeFile(recipe, JSON.stringify({ ...tinyRecipeData, ...exploding(1e10) }));
  const args = ["train", "--space", "fixtures/spaces/tiny.json", "--data", source, "--recipe", recipe, "--out", out];
  for (const more of [[], ["--resume"]]) {
    const { status, stderr } = nestling(...args, "--steps", "20", ...more);
    expect(status, stderr).toBe(2);
    expect(stderr).toContain("The run has collapsed; the last good checkpoint is kept");
    expect(stderr).not.toContain("    at ");
  }
});

const good = { loss: 1, accuracy: 0.8, gradientNorm: 1 };
const feed = (guard: ReturnType<typeof guardOf>, count: number, accuracy: number): void => {
  for (let step = 0; step < count; step++) guard.check(step, { ...good, accuracy });
};

const guardOf = (classes = 10, batch = 32) => collapseGuard({ classes, batch, out: "run" });

test("a run that never leaves chance is no collapse, and one bad step isn't either", async () => {
  const slow = guardOf();
  feed(slow, 500, 0.1);
  expect(await slow.isSound(Float32Array.of(1))).toBe(true);
  const learned = guardOf();
  feed(learned, 100, 0.9);
  feed(learned, 1, 0);
  expect(await learned.isSound(Float32Array.of(1))).toBe(true);
});

test("between the fall and its discovery no weights are kept, and none ever that are not finite", async () => {
  const guard = guardOf();
  feed(guard, 100, 0.9);
  feed(guard, 20, 0.1);
  expect(await guard.isSound(Float32Array.of(1))).toBe(false);
  expect(() => feed(guard, 200, 0.1)).toThrow("has collapsed");
  expect(await guardOf().isSound(Float32Array.of(1, Infinity))).toBe(false);
  expect(await guardOf().isSound(new Float32Array(3e6).fill(NaN, -1))).toBe(false);
  expect(() => guardOf().check(3, { ...good, gradientNorm: Infinity })).toThrow(
    "step 3 is a gradient of norm Infinity",
  );
});

/** Right answers among `batch` guesses, each right with probability p: by their gaps, whose number is small at chance. */
function guesses(batch: number, p: number, draw: ReturnType<typeof random>): number {
  let right = -1;
  for (let at = 0; at <= batch; right++) at += 1 + Math.floor(Math.log(1 - draw.next()) / Math.log(1 - p));
  return right;
}

test("chance is no collapse: of 300 steps at chance none stops, whatever the number of classes and the batch", async () => {
  const draw = random("chance");
  for (const [classes, batch, runs] of [
    ...[8, 64].flatMap((batch) => [2, 10, 100, 1000, 10_000].map((classes) => [classes, batch, 100] as const)),
    ...[100, 1000, 10_000].map((classes) => [classes, 4096, 10] as const),
  ]) {
    for (let run = 0; run < runs; run++) {
      const guard = guardOf(classes, batch);
      for (let step = 0; step < 300; step++)
        guard.check(step, { ...good, loss: Math.log(classes), accuracy: guesses(batch, 1 / classes, draw) / batch });
      expect(await guard.isSound(Float32Array.of(1)), `${classes} classes, batch ${batch}`).toBe(true);
    }
  }
});

test("a noisy but learned accuracy of many classes is sound; its fall to chance is found", async () => {
  const draw = random("learned");
  const guard = guardOf(1000, 128);
  const train = (steps: number, p: number): void => {
    for (let step = 0; step < steps; step++) guard.check(step, { ...good, accuracy: guesses(128, p, draw) / 128 });
  };
  train(2000, 0.2);
  expect(await guard.isSound(Float32Array.of(1))).toBe(true);
  expect(() => train(200, 0.001)).toThrow("has collapsed");
});
