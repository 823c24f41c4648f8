/** What a joint normal belief says of differences between children, of one alone and of all at once. */
import type { Random } from "../base/random.js";
import { cholesky, dot } from "./cholesky.js";
import type { Belief } from "./gaussian-process.js";

/** Mean and standard deviation of child i's accuracy less child j's. */
export function difference({ mean, covariance }: Belief, i: number, j: number): { mean: number; deviation: number } {
  const variance = covariance[i]![i]! + covariance[j]![j]! - 2 * covariance[i]![j]!;
  return { mean: mean[i]! - mean[j]!, deviation: Math.sqrt(Math.max(variance, 0)) };
}

/** The belief of some of the children alone. */
export const among = ({ mean, covariance }: Belief, indices: readonly number[]): Belief => ({
  mean: Float64Array.from(indices, (i) => mean[i]!),
  covariance: indices.map((i) => Float64Array.from(indices, (j) => covariance[i]![j]!)),
});

/** The child of the largest mean; of equal ones the first. */
export const bestOf = ({ mean }: Belief): number => mean.indexOf(Math.max(...mean));

/** Sets of accuracies drawn from a belief, one value for each child. */
export function draw({ mean, covariance }: Belief, count: number, random: Random): Float64Array[] {
  const lower = cholesky(covariance);
  return Array.from({ length: count }, () => {
    const normals = Float64Array.from(mean, () => random.normal());
    return mean.map((value, i) => value + dot(lower[i]!, normals, i + 1));
  });
}
