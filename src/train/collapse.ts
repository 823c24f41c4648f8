/** Stops a run that has collapsed, and keeps its weights from replacing the last good checkpoint. */
import { UserError } from "../base/user-error.js";

/** The vital signs of a step, before its update. */
export interface Signs {
  /** Loss of the biggest child, per image. */
  readonly loss: number;
  readonly accuracy: number;
  readonly gradientNorm: number;
}

export interface CollapseGuard {
  /** @throws UserError `train/collapse` */
  check(step: number, signs: Signs): void;
  /** Whether weights are worth a checkpoint: they are finite, and the run has not lost half of its accuracy. */
  isSound(weights: Float32Array): boolean;
  /** @throws UserError `train/collapse`, always */
  stop(step: number): never;
}

/** Share of the new value in the running mean of accuracy. */
const SMOOTHING = 0.05;
/** A run counts as having learned above this multiple of chance, and as collapsed below the lower one. */
const LEARNED = 3;
const CHANCE = 1.2;
/** A uniform guess has a loss of ln(classes); a run whose loss stays above this multiple of it has diverged. */
const DIVERGED = 4;

/** @param out the run's folder, named in the message */
export function collapseGuard(classes: number, out: string): CollapseGuard {
  let mean = 1 / classes;
  let best = mean;
  let meanLoss = 0;
  const hasLearned = (): boolean => best > Math.min(LEARNED / classes, (1 + 1 / classes) / 2);
  const collapsed = (step: number, got: string): never => {
    throw new UserError("train/collapse", {
      at: `step ${step}`,
      got,
      want: "a loss that falls",
      fix: `The run has collapsed; the last good checkpoint is kept in ${out}/checkpoint. Lower learningRate.perImage, lengthen warmupEpochs, or set clipNorm in the recipe.`,
    });
  };
  const fallen = (): string =>
    `an accuracy of the biggest child of ${(100 * mean).toFixed(1)} % after ${(100 * best).toFixed(1)} %`;
  return {
    check(step, { loss, accuracy, gradientNorm }) {
      if (!Number.isFinite(loss)) collapsed(step, `a loss of ${loss}`);
      if (!Number.isFinite(gradientNorm)) collapsed(step, `a gradient of norm ${gradientNorm}`);
      meanLoss += SMOOTHING * (loss - meanLoss);
      if (meanLoss > DIVERGED * Math.log(classes)) collapsed(step, `a loss of ${meanLoss.toFixed(1)}`);
      mean += SMOOTHING * (accuracy - mean);
      best = Math.max(best, mean);
      if (hasLearned() && mean < CHANCE / classes) collapsed(step, fallen());
    },
    isSound: (weights) => !(hasLearned() && mean < best / 2) && weights.every(Number.isFinite),
    stop: (step) => collapsed(step, fallen()),
  };
}
