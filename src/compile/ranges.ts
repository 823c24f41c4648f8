/** Which range of an activation 8 bits are spread over, by what was seen of it: several ways, of which accuracy chooses. */
import { wholeNumbers, type Quantization } from "../graph/operators.js";
import type { ActivationNumbers } from "./layouts.js";

/** What was seen of an activation. */
export interface Seen {
  readonly smallest: number;
  readonly largest: number;
  /** Some of its numbers, in ascending order. */
  readonly sample: Float32Array;
}

type Range = readonly [low: number, high: number];

/** Share of the numbers that the percentile keeps at each end. */
const KEPT = 0.9999;
/** Shares of the whole range that the smallest squared error is looked for in. */
const SHARES = Array.from({ length: 36 }, (_, i) => 1 - i / 40);

const minMax = ({ smallest, largest }: Seen): Range => [smallest, largest];

const percentile = ({ sample }: Seen): Range => {
  const last = sample.length - 1;
  return [sample[Math.floor((1 - KEPT) * last)]!, sample[Math.ceil(KEPT * last)]!];
};

/** The share of the whole range, both ends alike, with the smallest squared error of the sample. */
function leastError(seen: Seen, numbers: ActivationNumbers): Range {
  const [low, high] = minMax(seen);
  let best: { readonly range: Range; readonly error: number } = { range: [low, high], error: Infinity };
  for (const share of SHARES) {
    const range: Range = [low * share, high * share];
    const error = squaredError(seen.sample, quantizationOf(range, numbers));
    if (error < best.error) best = { range, error };
  }
  return best.range;
}

function squaredError(sample: Float32Array, { type, scale, zeroPoint }: Quantization): number {
  const { least, most } = wholeNumbers[type];
  let error = 0;
  for (const value of sample) {
    const whole = Math.min(most, Math.max(least, Math.round(value / scale) + zeroPoint));
    error += ((whole - zeroPoint) * scale - value) ** 2;
  }
  return error;
}

/** The ways, by the names that certificates have. */
export const rangeMethods: ReadonlyMap<string, (seen: Seen, numbers: ActivationNumbers) => Range> = new Map([
  ["min-max", minMax],
  ["percentile", percentile],
  ["least-squares", leastError],
]);

/** A range, widened to hold 0, as 256 numbers with 0 among them; where they are symmetric, as 255 with 0 in their middle. */
export function quantizationOf([low, high]: Range, { type, isSymmetric }: ActivationNumbers): Quantization {
  const { least, most } = wholeNumbers[type];
  // An activation that is always 0 has no range: any scale is right.
  if (isSymmetric) return { type, scale: Math.fround(Math.max(-low, high, 0) / most) || 1, zeroPoint: 0 };
  const [from, to] = [Math.min(0, low), Math.max(0, high)];
  const scale = Math.fround((to - from) / (most - least)) || 1;
  return { type, scale, zeroPoint: Math.min(most, Math.max(least, Math.round(-from / scale) + least)) };
}
