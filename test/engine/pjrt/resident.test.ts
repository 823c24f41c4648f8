/** A supernet on a PJRT device, beyond what test/train/device/device-step.test.ts compares: memory, and what crosses the bus. */
import "./quick-compile.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../../src/engine/engine.js";
import { createClient, type PjrtClient } from "../../../src/engine/pjrt/client/client.js";
import { HELD_NUMBERS } from "../../../src/engine/pjrt/lowering/held.js";
import { residentSupernet } from "../../../src/engine/pjrt/resident/resident.js";
import { createWasmEngine } from "../../../src/engine/wasm/wasm-engine.js";
import { alone } from "../../../src/ranks/ranks.js";
import { firstState } from "../../../src/train/begin-run.js";
import { deviceSteps, residentOf } from "../../../src/train/device/device-step.js";
import { planRun } from "../../../src/train/plan-run.js";
import type { Step } from "../../../src/train/trainer.js";
import { stepsFrom } from "../../../src/train/steps-from.js";
import { images, largest, source, tinyRecipe, tinySpace } from "../../train/tiny.js";
import { areForCpu, plugins } from "./plugins.js";

/** Bytes that a client carries up and down. */
function counting(client: PjrtClient): { client: PjrtClient; bytes: { up: number; down: number } } {
  const bytes = { up: 0, down: 0 };
  const counted: PjrtClient = {
    ...client,
    upload(values, shape) {
      bytes.up += values.byteLength;
      return client.upload(values, shape);
    },
    compile(program) {
      const executable = client.compile(program);
      return {
        ...executable,
        run(inputs) {
          const outputs = executable.run(inputs);
          for (const buffer of outputs) {
            const read = buffer.read.bind(buffer);
            buffer.read = () => {
              const values = read();
              bytes.down += values.byteLength;
              return values;
            };
          }
          return outputs;
        },
      };
    },
  };
  return { client: counted, bytes };
}

const backend = areForCpu ? "cpu" : "accelerator";

const engineOn = (client: PjrtClient): Engine => ({
  ...createWasmEngine(),
  resident: (options) => residentSupernet(client, { backend, precision: "float32" }, options),
});

describe.each(plugins)("$name", ({ path, missing }) => {
  let client: PjrtClient | undefined;
  beforeAll(() => {
    if (!missing) client = createClient(path);
  });
  afterAll(() => client?.dispose());

  test.skipIf(missing)(
    "steps carry their images up and no more than 64 kB besides; buffers stay as many, and none is left at the end",
    async () => {
      const plan = await planRun({
        ...{ space: tinySpace, data: images, source, steps: 8, seed: 7 },
        recipe: tinyRecipe({ batch: 8, averaging: 0.9, augmentation: { crop: 1, mixup: {} } }),
      });
      const counted = counting(client!);
      const before = client!.liveBuffers;
      const resident = residentOf(engineOn(counted.client), plan.task);
      resident.load(await firstState(plan));
      const steps = deviceSteps(resident, plan.task);
      const lives: number[] = [];
      const moreUp: number[] = [];
      const down: number[] = [];
      for await (const batch of stepsFrom(0, plan, alone)) {
        const { up, down: downBefore } = counted.bytes;
        steps.run(batch);
        await steps.update(batch.step, 0.01);
        lives.push(client!.liveBuffers);
        moreUp.push(counted.bytes.up - up - batch.pixels.byteLength);
        down.push(counted.bytes.down - downBefore);
      }
      // The first steps bring up what stays: matrices by which pictures are resized.
      expect(new Set(lives.slice(4)).size).toBe(1);
      expect(Math.max(...moreUp)).toBeLessThan(64 * 1024);
      expect(Math.min(...moreUp)).toBeGreaterThan(0);
      const children = 2 + plan.task.recipe.sandwich.random;
      expect(new Set(down)).toEqual(new Set([4 * (2 * children + 1)]));
      resident.dispose();
      expect(client!.liveBuffers).toBe(before);
    },
  );

  test.skipIf(missing)(
    "where the device holds the images, they go up once, and four numbers an image a step",
    async () => {
      const plan = await planRun({
        ...{ space: tinySpace, data: images, source, steps: 1, seed: 7 },
        recipe: tinyRecipe({ batch: 8, augmentation: { crop: 1, flip: true } }),
      });
      const set = images.train.pixels!;
      const counted = counting(client!);
      const before = client!.liveBuffers;
      const resident = residentOf(engineOn(counted.client), plan.task);
      resident.load(await firstState(plan));
      const upBefore = counted.bytes.up;
      resident.holdPictures(set);
      expect(counted.bytes.up - upBefore).toBe(set.length);
      const upIn = async (isHeld: boolean): Promise<number> => {
        const steps = deviceSteps(resident, plan.task, isHeld);
        for await (const batch of stepsFrom(0, plan, alone)) {
          const { up } = counted.bytes;
          steps.run(isHeld ? { ...batch, pixels: new Uint8Array(0) } : batch);
          await steps.update(0, 0.01);
          return counted.bytes.up - up - (isHeld ? 0 : batch.pixels.length);
        }
        throw new Error("no step");
      };
      // The first step brings up what stays.
      await upIn(true);
      const [held, bytes] = [await upIn(true), await upIn(false)];
      expect(held - bytes).toBe(4 * HELD_NUMBERS * plan.task.batch);
      resident.dispose();
      expect(client!.liveBuffers).toBe(before);
    },
  );

  test.skipIf(missing || !areForCpu)(
    "norm groups that take turns on two devices make the step of one device",
    async () => {
      const plan = await planRun({
        ...{ space: tinySpace, data: images, source, steps: 2, seed: 7 },
        recipe: tinyRecipe({ batch: 24, averaging: 0.9 }),
      });
      const batches: Step[] = [];
      for await (const { pixels, ...batch } of stepsFrom(0, plan, alone))
        batches.push({ ...batch, pixels: pixels.slice() });
      const start = await firstState(plan);
      const trained = async (on: PjrtClient) => {
        const resident = residentOf(engineOn(on), plan.task);
        resident.load(start);
        const steps = deviceSteps(resident, plan.task);
        const results = [];
        for (const batch of batches) {
          steps.run(batch);
          results.push(await steps.update(batch.step, 0.01));
        }
        const arrays = await resident.arrays();
        resident.dispose();
        return { arrays, results };
      };
      const both = createClient(path, 2);
      expect(both.devices).toBe(2);
      const [one, two] = [await trained(client!), await trained(both)];
      expect(both.liveBuffers).toBe(0);
      both.dispose();
      const apart = (a: Float32Array, b: Float32Array): number =>
        largest(a.map((value, i) => (value - b[i]!) / (1 + Math.abs(value))));
      expect(apart(one.arrays.weights, two.arrays.weights)).toBeLessThan(1e-6);
      expect(apart(one.arrays.average!, two.arrays.average!)).toBeLessThan(1e-6);
      // A group's own sums are in the same order wherever it runs.
      expect(two.results[0]!.groups).toEqual(one.results[0]!.groups);
      expect(two.results[1]!.gradientNorm).toBeCloseTo(one.results[1]!.gradientNorm, 5);
    },
  );
});
