/**
 * The length of a run, when it logs and saves, and the learning rate of a step: linear warm-up, then exponential decay
 * with constant ending, or a cosine.
 */
import type { Recipe } from "./recipe.js";

export interface RunLength {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Images per step. */
  readonly batch: number;
}

/** Approximate number of checkpoints and of log lines in a whole run. */
const CHECKPOINTS = 20;
const LOG_LINES = 200;

/** Intervals in steps. */
export interface Intervals {
  readonly log: number;
  readonly checkpoint: number;
}

/** Checkpoints come only after a log line, so that no log mean spans a checkpoint. */
export function intervalsOf({ totalSteps }: RunLength): Intervals {
  const log = Math.max(1, Math.floor(totalSteps / LOG_LINES));
  return { log, checkpoint: log * Math.ceil(totalSteps / log / CHECKPOINTS) };
}

/** @param step from 0 */
export function learningRateAt(
  { learningRate }: Recipe,
  { totalSteps, stepsPerEpoch, batch }: RunLength,
  step: number,
): number {
  const { perImage, schedule, warmupEpochs } = learningRate;
  const peak = perImage * batch;
  // Otherwise a run shorter than its warm-up would never leave it.
  const warmup = Math.min(Math.round(warmupEpochs * stepsPerEpoch), Math.floor(totalSteps / 2));
  if (step < warmup) return (peak * (step + 1)) / warmup;
  switch (schedule.kind) {
    case "exponential":
      return (
        peak * Math.max(schedule.ending, schedule.decay ** Math.floor(step / stepsPerEpoch / schedule.everyEpochs))
      );
    case "cosine": {
      const progress = (step - warmup) / Math.max(1, totalSteps - warmup);
      return peak * (schedule.ending + ((1 - schedule.ending) * (1 + Math.cos(Math.PI * progress))) / 2);
    }
  }
}
