import fc from "fast-check";
import { expect, test } from "vitest";
import { loadRecipe, recipeSchema } from "../../src/train/recipe.js";
import { learningRateAt, type RunLength } from "../../src/train/schedule.js";

const of = (learningRate: unknown) => recipeSchema.parse({ name: "test", learningRate });
const rates = (learningRate: unknown, length: RunLength): number[] =>
  Array.from({ length: length.totalSteps }, (_, step) => learningRateAt(of(learningRate), length, step));

test("the paper's recipe: 0.256 at batch 4096 after 5 epochs of warm-up, times 0.97 each 2.4 epochs, never below 5 %", async () => {
  const paper = await loadRecipe("paper");
  const length = { totalSteps: 360 * 312, stepsPerEpoch: 312, batch: 4096 };
  const at = (epoch: number): number => learningRateAt(paper, length, Math.round(epoch * 312));
  expect(learningRateAt(paper, length, 0)).toBeCloseTo(0.256 / (5 * 312), 12);
  expect(at(2.5)).toBeCloseTo(0.128, 3);
  for (const epoch of [5, 50, 100, 200]) {
    expect(at(epoch + 0.01)).toBeCloseTo(0.256 * 0.97 ** Math.floor((epoch + 0.01) / 2.4), 12);
  }
  // 0.97^n = 0.05 at n = 98.4 decays, epoch 236: from there on constant.
  expect(at(235)).toBeGreaterThan(0.05 * 0.256);
  for (const epoch of [240, 300, 359]) expect(at(epoch)).toBeCloseTo(0.05 * 0.256, 12);
});

test("warm-up rises by the same amount each step, up to the peak", () => {
  const length = { totalSteps: 100, stepsPerEpoch: 10, batch: 8 };
  const rising = rates({ perImage: 0.01, warmupEpochs: 2, schedule: { kind: "cosine" } }, length).slice(0, 20);
  rising.forEach((rate, step) => expect(rate).toBeCloseTo((0.08 * (step + 1)) / 20, 12));
});

test("a run shorter than its warm-up warms up in its first half", () => {
  const found = rates({ perImage: 1, warmupEpochs: 5 }, { totalSteps: 10, stepsPerEpoch: 100, batch: 1 });
  expect(Math.max(...found)).toBe(1);
  expect(found.indexOf(1)).toBe(4);
});

test("the cosine is (1 + cos πt) / 2 from peak to ending", () => {
  const schedule = { kind: "cosine", ending: 0.1 };
  const length = { totalSteps: 110, stepsPerEpoch: 10, batch: 4 };
  const found = rates({ perImage: 0.25, warmupEpochs: 1, schedule }, length);
  for (let step = 10; step < 110; step++) {
    const t = (step - 10) / 100;
    expect(found[step]).toBeCloseTo(0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI * t)), 12);
  }
  expect(found[60]).toBeCloseTo(0.55, 12);
});

test("the rate scales with the batch, never grows after warm-up, and stays between ending and peak", () => {
  const schedule = fc.oneof(
    fc.record({ kind: fc.constant("exponential"), everyEpochs: fc.double({ min: 0.1, max: 5, noNaN: true }) }),
    fc.record({ kind: fc.constant("cosine"), ending: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  fc.assert(
    fc.property(
      schedule,
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 40 }),
      (one, totalSteps, stepsPerEpoch) => {
        const options = { perImage: 0.01, warmupEpochs: 1, schedule: one };
        const found = rates(options, { totalSteps, stepsPerEpoch, batch: 10 });
        const doubled = rates(options, { totalSteps, stepsPerEpoch, batch: 20 });
        const warm = Math.min(stepsPerEpoch, Math.floor(totalSteps / 2));
        found.forEach((rate, step) => {
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(0.1 + 1e-12);
          expect(doubled[step]).toBeCloseTo(2 * rate, 12);
          if (step > warm) expect(rate).toBeLessThanOrEqual(found[step - 1]! + 1e-12);
        });
      },
    ),
  );
});
