import { expect, test } from "vitest";
import { batchesFrom } from "../../src/train/batches.js";
import { planRun } from "../../src/train/plan-run.js";
import { images, source, tinyRecipe, tinySpace } from "./tiny.js";

const plan = await planRun({ space: tinySpace, data: images, source, recipe: tinyRecipe({ batch: 2000 }), steps: 11 });
const all = [...batchesFrom(0, plan)];

test("4 batches of 2,000 are an epoch of 9,000 images: none comes twice in it, and each epoch has another order", () => {
  expect(all.map(({ step, epoch }) => [step, epoch])).toEqual(
    Array.from({ length: 11 }, (_, step) => [step, Math.floor(step / 4)]),
  );
  const epochs = [0, 1].map((epoch) => all.filter((batch) => batch.epoch === epoch).flatMap((b) => [...b.indices]));
  for (const indices of epochs) expect(new Set(indices).size).toBe(8000);
  expect(epochs[0]).not.toEqual(epochs[1]);
});

test("no image of the validation part is in a batch", () => {
  const training = new Set(plan.images);
  for (const { indices } of all) expect(indices.every((index) => training.has(index))).toBe(true);
});

test("from any step on, the batches are those that a run from the start has", () => {
  for (const step of [0, 1, 4, 6, 10, 11]) expect([...batchesFrom(step, plan)]).toEqual(all.slice(step));
});
