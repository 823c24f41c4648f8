/** Order statistics and a bootstrap, for latencies. */
import { random } from "../base/random.js";

/** The q-quantile (0 to 1) by the nearest rank; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const RESAMPLES = 400;

/** 95 % interval of the median by resampling whole rounds: machines drift between rounds more than within one. */
export function bootstrapMedian(rounds: readonly number[], seed: number): [low: number, high: number] {
  const draw = random(seed, "bootstrap", rounds.length);
  const medians = Array.from({ length: RESAMPLES }, () => median(rounds.map(() => draw.pick(rounds))));
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}
