/** The recipe's `quantization`: from a step on, training rounds as int8 children do. */
import { join } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { orderedSeal, sealed } from "../../src/base/seal.js";
import { createWasmEngine } from "../../src/engine/wasm/wasm-engine.js";
import { initialize } from "../../src/supernet/initialize.js";
import type { Execution } from "../../src/train/task.js";
import { planRun } from "../../src/train/plan-run.js";
import { bitsAt, roundedSteps } from "../../src/train/quantization.js";
import { loadRecipe, recipeSchema } from "../../src/train/recipe.js";
import { sandwichRunner } from "../../src/train/sandwich.js";
import {
  checkpointBytes,
  images,
  logOf,
  source,
  temporaryFolder,
  tinyRecipe,
  tinySpace,
  trainTiny,
  type TinyOptions,
} from "./tiny.js";

const quantization = { from: 0.5 };
const steps = 6;

async function trained(options: TinyOptions = {}) {
  const notes: string[] = [];
  const out = await temporaryFolder();
  await trainTiny({ out, steps, onNote: (line) => notes.push(line), ...options });
  const log = await logOf(out);
  return { out, notes, log, losses: log.map(({ biggest, smallest, random }) => [biggest, smallest, random]) };
}

test("the steps before are those of a run without it; then others follow, and note and log say so", async () => {
  const [plain, rounded] = [await trained(), await trained({ recipe: { quantization } })];
  expect(rounded.losses.slice(0, 3)).toEqual(plain.losses.slice(0, 3));
  for (const i of [3, 4, 5]) expect(rounded.losses[i]).not.toEqual(plain.losses[i]);
  expect(rounded.log.map(({ bits }) => bits)).toEqual([undefined, undefined, undefined, 8, 8, 8]);
  expect(rounded.notes).toEqual(["Weights and activations are rounded to 8 bits from step 4 of 6 on"]);
  expect(plain.notes).toEqual([]);
  for (const line of plain.log) expect(line).not.toHaveProperty("bits");
});

test("a share of 1 rounds never, a share of 0 always", async () => {
  const [plain, never] = [await trained(), await trained({ recipe: { quantization: { from: 1 } } })];
  expect(never.losses).toEqual(plain.losses);
  expect((await checkpointBytes(never.out))["weights"]).toBe((await checkpointBytes(plain.out))["weights"]);
  expect(never.notes).toEqual([]);
  const always = await trained({ recipe: { quantization: { from: 0, bits: 4 } }, steps: 1 });
  expect(always.log[0]).toMatchObject({ bits: 4 });
  expect(always.losses[0]).not.toEqual(plain.losses[0]);
});

test("a run that is ended before or after rounding begins, and resumed, has the bytes of an undisturbed one", async () => {
  const recipe = { quantization };
  const whole = await trained({ recipe });
  for (const last of [1, 3, 4]) {
    const out = await temporaryFolder();
    const ending = new AbortController();
    const onStep = (done: number): void => {
      if (done === last) ending.abort();
    };
    await expect(trainTiny({ out, steps, recipe, onStep, signal: ending.signal })).rejects.toThrow();
    await trainTiny({ out, steps, recipe, resume: true, threads: 2 });
    expect(await checkpointBytes(out)).toEqual(await checkpointBytes(whole.out));
    expect(await logOf(out)).toEqual(whole.log);
  }
  await expect(trainTiny({ out: whole.out, steps, resume: true })).rejects.toMatchObject({ code: "train/resume" });
});

test("a recipe from before there was the option resumes as it was", async () => {
  const { out } = await trained();
  const path = join(out, "checkpoint/checkpoint.json");
  const file = JSON.parse(await readFile(path, "utf8")) as { training: { recipe: Record<string, unknown> } };
  expect(file.training.recipe).toHaveProperty("quantization", null);
  delete file.training.recipe["quantization"];
  await writeFile(path, JSON.stringify(sealed(file, orderedSeal)));
  expect(await trainTiny({ out, steps, resume: true })).toMatchObject({ steps });
});

test("masked and sliced: the same losses and gradients", async () => {
  const run = async (execution: Execution) => {
    const recipe = tinyRecipe({ quantization: { from: 0 } });
    const { task } = await planRun({ space: tinySpace, data: images, source, recipe, seed: 7, steps, execution });
    const runner = sandwichRunner(createWasmEngine(), task);
    const indices = Uint32Array.from({ length: task.group }, (_, i) => i);
    const pixels = await images.train.read(indices);
    const weights = initialize(task.layout, 7, 1);
    const gradient = new Float32Array(task.layout.length);
    const results = await runner.run(weights, gradient, { step: 0, epoch: 0, index: 0, indices, pixels });
    runner.dispose();
    return { results, gradient };
  };
  const [masked, sliced] = [await run("masked"), await run("sliced")];
  masked.results.forEach(({ loss }, i) => expect(Math.abs(loss - sliced.results[i]!.loss)).toBeLessThan(1e-3));
  const scale = sliced.gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const apart = sliced.gradient.reduce((most, value, i) => Math.max(most, Math.abs(value - masked.gradient[i]!)), 0);
  expect(apart).toBeLessThan(1e-3 * scale);
});

test("the first step that rounds is the share of all steps", () => {
  const at = (from: number, totalSteps: number) =>
    roundedSteps(recipeSchema.parse({ name: "r", quantization: { from } }), totalSteps);
  expect(at(0.5, 1600)).toEqual({ from: 800, bits: 8 });
  expect(at(0.07, 100)).toEqual({ from: 7, bits: 8 });
  expect(roundedSteps(recipeSchema.parse({ name: "r" }), 100)).toBeUndefined();
  expect([6, 7].map((step) => bitsAt({ rounded: at(0.07, 100) }, step))).toEqual([undefined, 8]);
});

test("other bits and shares are refused, with all mistakes at once", async () => {
  const path = join(await temporaryFolder(), "recipe.json");
  await writeFile(path, JSON.stringify({ name: "r", quantization: { from: 2, bits: 3 } }));
  await expect(loadRecipe(path)).rejects.toThrow(/quantization\.from[^]*quantization\.bits/);
  await writeFile(path, JSON.stringify({ name: "r", quantization: true }));
  await expect(loadRecipe(path)).rejects.toMatchObject({ code: "train/recipe" });
});
