/** A step on a supernet that lives on a device, against the same step on worker threads. */
import "../../engine/pjrt/quick-compile.js";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, test } from "vitest";
import { createEngine, prepareEngine } from "../../../src/engine/choose.js";
import type { Engine } from "../../../src/engine/engine.js";
import type { ResidentSupernet, TrainedArrays } from "../../../src/engine/resident.js";
import { composedKernels } from "../../../src/engine/tensorflow/backend.js";
import { createTensorflowEngine } from "../../../src/engine/tensorflow/tensorflow-engine.js";
import { alone } from "../../../src/ranks/ranks.js";
import { firstState } from "../../../src/train/begin-run.js";
import { deviceSteps, residentOf, type DeviceSteps } from "../../../src/train/device/device-step.js";
import { planRun, type RunPlan } from "../../../src/train/plan-run.js";
import { groupAt } from "../../../src/train/sandwich.js";
import { stepsFrom } from "../../../src/train/steps-from.js";
import type { Step, StepResult } from "../../../src/train/trainer.js";
import { workerTrainer } from "../../../src/train/worker-trainer.js";
import { otherEngines, type OtherEngine } from "../../engine/curve.js";
import { plugins } from "../../engine/pjrt/plugins.js";
import { images, largest, source, tinyRecipe, tinySpace } from "../tiny.js";

const STEPS = 2;
const RATE = 0.01;

/** Between them, every option of a recipe that changes a step. */
const recipes = {
  "BigNAS's recipe": {},
  "SGD, all children regularised, each group its own, averaged, erased and mixed": {
    optimizer: { kind: "sgd-nesterov" },
    regularize: "all",
    sandwich: { random: 1, drawnPer: "group" },
    averaging: 0.9,
    augmentation: { crop: 1, flip: true, randomErasing: { probability: 1 }, mixup: {}, cutmix: {} },
  },
  "true labels for all children, no clipping": {
    distillation: "none",
    clipNorm: null,
    lastGamma: "one",
    labelSmoothing: 0,
  },
  "rounded from the second step on": { quantization: { from: 0.5 } },
};

const planOf = (recipe: object, steps = STEPS): Promise<RunPlan> =>
  planRun({ space: tinySpace, data: images, source, recipe: tinyRecipe({ batch: 16, ...recipe }), steps, seed: 7 });

async function batchesOf(plan: RunPlan): Promise<Step[]> {
  const batches = [];
  for await (const { pixels, ...batch } of stepsFrom(0, plan, alone))
    batches.push({ ...batch, pixels: pixels.slice() });
  return batches;
}

async function runStep(steps: DeviceSteps, batch: Step): Promise<StepResult> {
  steps.run(batch);
  const { groups, gradientNorm } = await steps.update(batch.step, RATE);
  return { groups: groups.map(({ children }) => children), gradientNorm };
}

interface Trained {
  readonly results: readonly StepResult[];
  readonly arrays: TrainedArrays;
}

/** Trains from these arrays on, and gives the device's memory back. */
async function onDevice(
  engine: Engine,
  plan: RunPlan,
  {
    batches,
    start,
    watch,
    set,
  }: {
    batches: readonly Step[];
    start: TrainedArrays;
    watch?: (resident: ResidentSupernet) => void;
    set?: Uint8Array;
  },
): Promise<Trained> {
  const resident = residentOf(engine, plan.task);
  resident.load(start);
  if (set) resident.holdPictures(set);
  const steps = deviceSteps(resident, plan.task, set !== undefined);
  const results = [];
  for (const batch of batches) {
    results.push(await runStep(steps, set ? { ...batch, pixels: new Uint8Array(0) } : batch));
    watch?.(resident);
  }
  const arrays = await resident.arrays();
  resident.dispose();
  return { results, arrays };
}

async function onWorkers(plan: RunPlan, batches: readonly Step[]): Promise<Trained> {
  const trainer = workerTrainer("wasm", plan.task, await firstState(plan), { threads: 1, ranks: alone });
  const results = [];
  for (const batch of batches) results.push(await trainer.step(batch, RATE));
  const arrays = await trainer.arrays();
  await trainer.close();
  return { results, arrays };
}

const lossesOf = ({ results }: Trained): number[] =>
  results.flatMap(({ groups }) => groups.flat().map(({ loss }) => loss));
const normsOf = ({ results }: Trained): number[] => results.map(({ gradientNorm }) => gradientNorm);
const flatOf = ({ arrays: { weights, average, optimizer } }: Trained): Map<string, Float32Array> =>
  new Map([["weights", weights], ...(average ? [["average", average] as const] : []), ...optimizer]);
const correctIn = ({ results }: Trained): number =>
  results.flatMap(({ groups }) => groups.flat()).reduce((sum, { correct }) => sum + correct, 0);
const apart = (one: ArrayLike<number>, other: ArrayLike<number>): number =>
  largest(Array.from(one, (value, i) => (value - other[i]!) / (1 + Math.abs(value))));

const theRichest = "SGD, all children regularised, each group its own, averaged, erased and mixed";

const morePlugins = plugins
  .slice(1)
  .map(({ path, missing, howToGet }): OtherEngine => ({ name: `pjrt:${path}`, ...(missing && { missing: howToGet }) }));

describe.each([...(await otherEngines()), ...morePlugins])("engine $name", ({ name, missing }) => {
  const isMissing = missing !== undefined;
  let engine: Engine;
  beforeAll(async () => {
    if (isMissing) return;
    prepareEngine(name, 1);
    engine = await createEngine(name);
  });

  // A GPU in software takes long, and so do the programs of one more plugin: one recipe, one norm group.
  const isQuick = name !== "webgpu" && morePlugins.every((other) => other.name !== name);
  const compared = Object.entries(recipes).filter(([recipe]) => isQuick || recipe === theRichest);
  const planFor = (recipe: object): Promise<RunPlan> => planOf({ ...recipe, ...(isQuick ? {} : { batch: 8 }) });

  const trained = new Map<object, Promise<Trained>>();
  /** A recipe's training with images that go up, computed once: each test compares another with it. */
  const trainedBy = (recipe: object): Promise<Trained> => {
    const known = trained.get(recipe);
    if (known) return known;
    const training = planFor(recipe).then(async (plan) =>
      onDevice(engine, plan, { batches: await batchesOf(plan), start: await firstState(plan) }),
    );
    trained.set(recipe, training);
    return training;
  };

  test.skipIf(isMissing).each(compared)("%s: losses, gradients and arrays as on workers", async (_, recipe) => {
    const plan = await planFor(recipe);
    const workers = await onWorkers(plan, await batchesOf(plan));
    const device = await trainedBy(recipe);
    expect(lossesOf(device)).toHaveLength(lossesOf(workers).length);
    expect(apart(lossesOf(workers), lossesOf(device))).toBeLessThan(1e-5);
    expect(apart(normsOf(workers), normsOf(device))).toBeLessThan(1e-4);
    // Logits that are nearly equal may change places.
    expect(Math.abs(correctIn(workers) - correctIn(device))).toBeLessThanOrEqual(1);
    const found = flatOf(device);
    for (const [array, values] of flatOf(workers)) expect(apart(values, found.get(array)!), array).toBeLessThan(1e-4);
    expect(found.size).toBe(flatOf(workers).size);
  });

  test.skipIf(isMissing)("images that the device holds give the same bits as images that go up", async () => {
    const plan = await planFor(recipes[theRichest]);
    const batches = await batchesOf(plan);
    const held = await onDevice(engine, plan, { batches, start: await firstState(plan), set: images.train.pixels! });
    const up = await trainedBy(recipes[theRichest]);
    expect(held.results).toEqual(up.results);
    expect(flatOf(held)).toEqual(flatOf(up));
  });

  test.skipIf(isMissing)("a run that is resumed from its arrays ends with the same bits", async () => {
    const recipe = isQuick ? recipes["BigNAS's recipe"] : recipes[theRichest];
    const plan = await planFor(recipe);
    const batches = await batchesOf(plan);
    const half = await onDevice(engine, plan, { batches: batches.slice(0, 1), start: await firstState(plan) });
    const rest = await onDevice(engine, plan, { batches: batches.slice(1), start: half.arrays });
    const whole = await trainedBy(recipe);
    expect(flatOf(rest)).toEqual(flatOf(whole));
    expect([...half.results, ...rest.results]).toEqual(whole.results);
  });
});

describe("on the device", () => {
  const engine = createTensorflowEngine(tf, composedKernels(tf), { name: "node", description: "tfjs-backend-cpu" });
  // The engines above have set theirs.
  beforeAll(() => tf.setBackend("cpu"));

  test("tensors stay as many over the steps, and none is left at the end", async () => {
    const plan = await planOf({ ...recipes[theRichest], batch: 2, normGroup: 2 }, 3);
    const batches = await batchesOf(plan);
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    await onDevice(engine, plan, {
      ...{ batches, start: await firstState(plan), set: images.train.pixels! },
      watch: () => counts.push(tf.memory().numTensors),
    });
    // The second step may be the first with a resolution, whose matrix is kept.
    expect(new Set(counts.slice(1)).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("two machines, each with half of the norm groups, make the gradient of one", async () => {
    const plan = await planOf({ batch: 4, normGroup: 2 });
    const [batch] = await batchesOf(plan);
    const start = await firstState(plan);
    const half = async (
      index: number,
    ): Promise<{ resident: ResidentSupernet; steps: DeviceSteps; gradient: Float32Array }> => {
      const resident = residentOf(engine, plan.task);
      resident.load(start);
      const steps = deviceSteps(resident, plan.task);
      steps.run(groupAt(batch!, index, plan.task), index);
      return { resident, steps, gradient: await resident.gradient() };
    };
    const [first, second] = [await half(0), await half(1)];
    const sum = first.gradient.map((value, i) => value + second.gradient[i]!);
    first.resident.replaceGradient(sum);
    await first.steps.update(0, RATE);
    const { weights } = await first.resident.arrays();
    first.resident.dispose();
    second.resident.dispose();
    const one = await onDevice(engine, plan, { batches: [batch!], start });
    expect(apart(one.arrays.weights, weights)).toBeLessThan(1e-6);
  });
});
