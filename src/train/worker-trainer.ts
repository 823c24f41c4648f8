/** Trains on worker threads (pool.ts): the arrays are in this process's memory, and the update runs on this thread. */
import type { EngineName } from "../engine/engine.js";
import type { TrainedArrays } from "../engine/resident.js";
import type { Ranks } from "../ranks/ranks.js";
import { moveAverage } from "./average.js";
import { clip, update } from "./optimizer.js";
import { groupPool } from "./pool.js";
import type { Task } from "./task.js";
import type { Trainer } from "./trainer.js";
import { weightDecay } from "./weight-decay.js";

/** @param start changed in place, except for the weights, which are copied into shared memory */
export function workerTrainer(
  engine: EngineName,
  task: Task,
  start: TrainedArrays,
  { threads, ranks }: { readonly threads: number; readonly ranks: Ranks },
): Trainer {
  const { recipe } = task;
  const pool = groupPool(engine, task, threads, ranks);
  const { weights } = pool;
  weights.set(start.weights);
  const arrays = { ...start, weights };
  const decay = weightDecay(task);
  return {
    async step(step, rate) {
      const { gradient, groups } = await pool.run(step);
      decay(gradient, weights, step.step);
      const gradientNorm = clip(gradient, recipe.clipNorm);
      update(recipe, arrays.optimizer, weights, gradient, rate);
      if (arrays.average) moveAverage(arrays.average, weights, recipe.averaging, step.step);
      return { groups, gradientNorm };
    },
    arrays: () => Promise.resolve(arrays),
    close: () => pool.close(),
  };
}
