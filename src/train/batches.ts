/** The batches of a run. Every epoch has its own order of the images. */
import { epochOrder } from "./epoch-order.js";
import type { RunPlan } from "./plan-run.js";

export interface Batch {
  /** Index of the step, from 0. */
  readonly step: number;
  readonly epoch: number;
  /** The images, by their index in the training data. */
  readonly indices: Uint32Array;
}

/** @param first the step to start at, in the middle of an epoch if a run resumes there */
export function* batchesFrom(first: number, { task, length, images }: RunPlan): Generator<Batch> {
  const { totalSteps, stepsPerEpoch, batch } = length;
  let step = first;
  while (step < totalSteps) {
    const epoch = Math.floor(step / stepsPerEpoch);
    const order = epochOrder(images, task.images.labels, { sampling: task.recipe.sampling, seed: task.seed, epoch });
    for (let i = step % stepsPerEpoch; i < stepsPerEpoch && step < totalSteps; i++, step++) {
      yield { step, epoch, indices: order.slice(i * batch, (i + 1) * batch) };
    }
  }
}
