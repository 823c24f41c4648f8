/**
 * The covariance of what chance does to children's shares of hits. Children i and j saw the first n_i and n_j images of one order:
 *
 *   Σ_ij = c / max(n_i, n_j),   Σ_ii = max(v_i, c) / n_i
 *
 * v_i = p_i·(1 − p_i) is the variance of one image's hit, c the mean covariance of two children's hits on one image. c is large, since
 * an image that is hard for one is hard for all; it cancels in differences.
 */
import { matrixOf, type Matrix } from "./cholesky.js";
import type { Hits } from "./hits.js";

/** Hits assumed beyond those seen, half of them right: a child that got every image right is not certain. */
const ASSUMED = 2;

export function noiseOf(all: readonly Hits[]): Matrix {
  const common = commonCovariance(all);
  const variances = all.map((hits) => {
    const p = (hits.reduce((sum, hit) => sum + hit, 0) + ASSUMED / 2) / (hits.length + ASSUMED);
    return Math.max(p * (1 - p), common);
  });
  return matrixOf(all.length, all.length, (i, j) =>
    i === j ? variances[i]! / all[i]!.length : common / Math.max(all[i]!.length, all[j]!.length),
  );
}

/**
 * The mean over pairs of children and over images of (h_i − p_i)·(h_j − p_j), on the images that all saw: by the identity
 * Σ_{i≠j} r_i r_j = (Σ r_i)² − Σ r_i², an image at a time.
 */
function commonCovariance(all: readonly Hits[]): number {
  const seen = Math.min(...all.map((hits) => hits.length));
  const count = all.length;
  if (count < 2) return 0;
  const shares = all.map((hits) => hits.subarray(0, seen).reduce((sum, hit) => sum + hit, 0) / seen);
  let sum = 0;
  for (let image = 0; image < seen; image++) {
    let [total, squares] = [0, 0];
    for (let i = 0; i < count; i++) {
      const residual = all[i]![image]! - shares[i]!;
      total += residual;
      squares += residual ** 2;
    }
    sum += total ** 2 - squares;
  }
  return Math.max(0, sum / (seen * count * (count - 1)));
}
