/** The steps of a run with their images, which are read while earlier steps run. */
import type { Ranks } from "../ranks/ranks.js";
import { batchesFrom } from "./batches.js";
import type { RunPlan } from "./plan-run.js";
import { imagesOfRank } from "./pool.js";
import { augmentationKey } from "./task.js";
import type { Step } from "./trainer.js";

/** Steps whose images are read ahead. */
const AHEAD = 2;

/** Steps whose images are in memory at once: read ahead, asked for next, and used. */
const HELD = AHEAD + 2;

/** Where a device holds the images. */
const NONE = new Uint8Array(0);

/** A step as it is given to a trainer. */
export interface FedStep extends Step {
  /** How long it was waited for once it was asked for. */
  readonly waitedMs: number;
}

/** @param first the step to start at */
export async function* stepsFrom(first: number, plan: RunPlan, ranks: Ranks): AsyncGenerator<FedStep> {
  const { from, to } = imagesOfRank(plan.task, ranks);
  const batches = batchesFrom(first, plan);
  const coming: Promise<Step>[] = [];
  const { seed, recipe } = plan.task;
  const { randomResizedCrop } = recipe.augmentation;
  // The same memory again and again: memory would rise and fall with what waits to be collected.
  const { height, width, channels } = plan.pictures;
  const bytes = plan.heldSet ? 0 : (to - from) * height * width * channels;
  const memory = Array.from({ length: HELD }, () => new Uint8Array(bytes));
  let read = 0;
  const pixelsOf = (indices: Uint32Array, epoch: number): Promise<Uint8Array> => {
    if (plan.heldSet) return Promise.resolve(NONE);
    const into = memory[read++ % HELD]!;
    return randomResizedCrop
      ? plan.pictures.readParts(indices, { ...randomResizedCrop, key: augmentationKey(seed, epoch) }, into)
      : plan.pictures.read(indices, undefined, undefined, into);
  };
  const readNext = (): void => {
    const drawn = batches.next();
    if (drawn.done) return;
    const batch = drawn.value;
    const indices = batch.indices.slice(from, to);
    const step = pixelsOf(indices, batch.epoch).then((pixels) => ({ ...batch, indices, pixels }));
    // Its failure is thrown where the step is asked for; where an earlier one fails, nobody asks.
    step.catch(() => undefined);
    coming.push(step);
  };
  for (let i = 0; i <= AHEAD; i++) readNext();
  for (let next = coming.shift(); next; next = coming.shift()) {
    const asked = performance.now();
    const step = await next;
    readNext();
    yield { ...step, waitedMs: performance.now() - asked };
  }
}
