/** Turns a step's summed gradient into new weights: decay, clip, check for a collapse, update. */
import type { CollapseGuard } from "./collapse.js";
import type { RunState } from "./begin-run.js";
import { moveAverage } from "./average.js";
import { clip, update } from "./optimizer.js";
import type { RunPlan } from "./plan-run.js";
import type { ChildResult } from "./sandwich.js";
import { learningRateAt } from "./schedule.js";
import { weightDecay } from "./weight-decay.js";

/** The figures of a step's update that the log records. */
export interface Update {
  readonly learningRate: number;
  /** Norm before clipping. */
  readonly gradientNorm: number;
}

/** The results of a step's norm groups. */
export interface GroupsResult {
  readonly gradient: Float32Array;
  /** Results of every norm group's children, the biggest first. */
  readonly groups: readonly (readonly ChildResult[])[];
}

/**
 * @param guard given on rank 0, which checks; if it stops, MPI ends the other ranks
 * @returns a function that changes the state's arrays in place
 */
export function weightUpdater(
  { task, length }: RunPlan,
  { weights, average, optimizer }: RunState,
  guard: CollapseGuard | undefined,
): (step: number, result: GroupsResult) => Update {
  const { recipe, batch } = task;
  const decay = weightDecay(task);
  return (step, { gradient, groups }) => {
    decay(gradient, weights, step);
    const gradientNorm = clip(gradient, recipe.clipNorm);
    const ofBiggest = (key: "loss" | "correct"): number => groups.reduce((sum, [biggest]) => sum + biggest![key], 0);
    guard?.check(step, { loss: ofBiggest("loss") / batch, accuracy: ofBiggest("correct") / batch, gradientNorm });
    const learningRate = learningRateAt(recipe, length, step);
    update(recipe, optimizer, weights, gradient, learningRate);
    if (average) moveAverage(average, weights, recipe.averaging, step);
    return { learningRate, gradientNorm };
  };
}
