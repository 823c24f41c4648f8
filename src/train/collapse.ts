/** Stops a run that went wrong while its last good checkpoint still stands. */
import { UserError } from "../base/user-error.js";

export interface CollapseGuard {
  /** @throws UserError `train/collapse` */
  check(step: number, loss: number, accuracy: number): void;
}

/** Share of the new value in the running mean of accuracy. */
const SMOOTHING = 0.05;
/** A run counts as having learned above this multiple of chance, and as collapsed below the lower one. */
const LEARNED = 3;
const CHANCE = 1.2;

/** @param out the run's folder, named in the message */
export function collapseGuard(classes: number, out: string): CollapseGuard {
  let mean = 1 / classes;
  let learned = false;
  const stop = (step: number, got: string): never => {
    throw new UserError("train/collapse", {
      at: `step ${step}`,
      got,
      want: "a loss that falls",
      fix: `The run has collapsed; the last good checkpoint is kept in ${out}/checkpoint. Lower learningRate.perImage, lengthen warmupEpochs, or set clipNorm in the recipe.`,
    });
  };
  return {
    check(step, loss, accuracy) {
      if (!Number.isFinite(loss)) stop(step, `a loss of ${loss}`);
      mean += SMOOTHING * (accuracy - mean);
      if (mean > Math.min(LEARNED / classes, (1 + 1 / classes) / 2)) learned = true;
      if (learned && mean < CHANCE / classes)
        stop(step, `an accuracy of the biggest child back at chance (${(100 * mean).toFixed(1)} %)`);
    },
  };
}
