/**
 * A moving average of the weights over training (Polyak and Juditsky, 1992; as EfficientNet's training keeps it): it takes out the noise of
 * the last steps, so that what ships is better than the weights of any single step.
 */

/**
 * How much of the average a step keeps: min(decay, (1 + t) / (10 + t)), which forgets the first steps sooner (TensorFlow's
 * ExponentialMovingAverage).
 * @param step t, from 0
 */
export const keptShare = (decay: number, step: number): number => Math.min(decay, (1 + step) / (10 + step));

/** Moves the average towards the weights after a step: a ← k·a + (1 − k)·w, where k is `keptShare`. */
export function moveAverage(average: Float32Array, weights: Float32Array, decay: number, step: number): void {
  const kept = keptShare(decay, step);
  for (let i = 0; i < weights.length; i++) average[i] = kept * average[i]! + (1 - kept) * weights[i]!;
}
