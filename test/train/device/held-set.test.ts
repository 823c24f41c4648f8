/** Which images a device holds, and that a run doesn't depend on it. */
import "../../engine/pjrt/quick-compile.js";
import { expect, test } from "vitest";
import type { Dataset } from "../../../src/data/images.js";
import { heldSetOf, type HeldSetOptions } from "../../../src/train/device/held-set.js";
import { plugins } from "../../engine/pjrt/plugins.js";
import { planRun } from "../../../src/train/plan-run.js";
import { checkpointBytes, images, logOf, source, temporaryFolder, tinyRecipe, tinySpace, trainTiny } from "../tiny.js";

const onGpu: HeldSetOptions = { engine: "webgpu", execution: "masked", recipe: tinyRecipe() };
const { pixels, ...facts } = images.train;

test("a device holds images in memory that are only moved, where a supernet lives on it", async () => {
  expect(await heldSetOf(images.train, onGpu)).toBe(pixels);
  const recipe = tinyRecipe({ augmentation: { crop: 2, flip: true, randomErasing: {}, mixup: {}, cutmix: {} } });
  expect(await heldSetOf(images.train, { ...onGpu, recipe })).toBe(pixels);
  for (const augmentation of [
    { randomResizedCrop: {} },
    { colorJitter: {} },
    { automatic: { kind: "trivial-augment" } },
  ])
    expect(await heldSetOf(images.train, { ...onGpu, recipe: tinyRecipe({ augmentation }) })).toBeUndefined();
  expect(await heldSetOf(images.train, { ...onGpu, execution: "sliced" })).toBeUndefined();
  expect(await heldSetOf(images.train, { ...onGpu, engine: "wasm" })).toBeUndefined();
  expect(await heldSetOf(facts, onGpu), "decoded when they are asked for").toBeUndefined();
});

test("where the memory isn't known, as many bytes as a buffer may have on every GPU", async () => {
  const most = new Uint8Array(128 * 2 ** 20);
  expect(await heldSetOf({ ...facts, pixels: most }, onGpu)).toBe(most);
  expect(await heldSetOf({ ...facts, pixels: new Uint8Array(most.length + 1) }, onGpu)).toBeUndefined();
});

test.skipIf(plugins[0]!.missing)(
  `a run ends with the same bytes where its images go up step by step (${plugins[0]!.name})`,
  async () => {
    const streamed: Dataset = { ...images, train: facts };
    const engine = `pjrt:${plugins[0]!.path}`;
    const { heldSet } = await planRun({ space: tinySpace, data: images, source, recipe: tinyRecipe(), engine });
    expect(heldSet).toBe(pixels);
    const runs = [];
    for (const data of [images, streamed]) {
      const out = await temporaryFolder();
      await trainTiny({ engine, out, data, steps: 12 });
      runs.push({ bytes: await checkpointBytes(out), log: await logOf(out) });
    }
    expect(runs[1]).toEqual(runs[0]);
  },
);
