/** Stops a run that has collapsed, and keeps its weights from replacing the last good checkpoint. */
import { setImmediate } from "node:timers/promises";
import { UserError } from "../base/user-error.js";

/** The vital signs of a step. */
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
  isSound(weights: Float32Array): Promise<boolean>;
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
/** Share of all runs, of any length, in which a running mean once seems to be what it is not. */
const MISTAKEN = 1e-3;
/** Weights that are checked at a stretch: a few milliseconds. */
const PIECE = 2 ** 20;

/**
 * A running mean counts images, so it is noisy: of few images or of many classes, chance alone looks like learning. What it proves is
 * bounded by Chernoff: where each image is right with probability q, the mean of steps of `batch` images passes t with probability at most
 *   exp(−n KL(t ‖ q)),   n = batch / SMOOTHING,
 * because no image weighs more than 1 / n (log E exp is convex in the weight). Step k may be mistaken with probability
 * MISTAKEN · 6 / (π k)², which sums to MISTAKEN.
 *
 * @param batch images of a step
 * @param out the run's folder, named in the message
 */
export function collapseGuard({ classes, batch, out }: { classes: number; batch: number; out: string }): CollapseGuard {
  const chance = 1 / classes;
  const images = batch / SMOOTHING;
  let steps = 0;
  let mean = chance;
  let best = mean;
  /** The lowest accuracy that the best mean can be of. */
  let proven = 0;
  let meanLoss = 0;
  const needed = (): number => Math.log(Math.PI ** 2 / 6 / MISTAKEN) + 2 * Math.log(Math.max(1, steps));
  const hasLearned = (): boolean => proven > chance && best > Math.min(LEARNED * chance, (1 + chance) / 2);
  const hasFallen = (): boolean =>
    hasLearned() && mean < CHANCE * chance && mean < proven && images * divergence(mean, proven) > needed();
  const hasLostHalf = (): boolean =>
    hasLearned() && mean < best / 2 && mean < proven && images * divergence(mean, proven) > -Math.log(MISTAKEN);
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
      steps++;
      mean += SMOOTHING * (accuracy - mean);
      if (mean > best) {
        best = mean;
        proven = Math.max(proven, lowestBelow(mean, needed() / images));
      }
      if (hasFallen()) collapsed(step, fallen());
    },
    isSound: async (weights) => !hasLostHalf() && (await areFinite(weights)),
    stop: (step) => collapsed(step, fallen()),
  };
}

/** Checks in pieces, between which the event loop is free. By index: V8 takes many times as long to call a function for each number. */
async function areFinite(weights: Float32Array): Promise<boolean> {
  for (let i = 0; i < weights.length; i++) {
    if (!Number.isFinite(weights[i])) return false;
    if (i % PIECE === PIECE - 1) await setImmediate();
  }
  return true;
}

/** KL(t ‖ q) of two probabilities, in nats. */
function divergence(t: number, q: number): number {
  const part = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
  return part(t, q) + part(1 - t, 1 - q);
}

/** The lowest q below t at which KL(t ‖ q) is at most `limit`. */
function lowestBelow(t: number, limit: number): number {
  let [low, high] = [0, t];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (divergence(t, middle) > limit) low = middle;
    else high = middle;
  }
  return high;
}
