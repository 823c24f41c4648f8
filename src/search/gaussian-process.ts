/**
 * A Gaussian process over architectures (Rasmussen and Williams 2006, chapter 2).
 *
 *   t = m + f(x) + e,   f ~ GP(0, K),   e ~ N(0, Σ)
 *
 * K is a sum: a linear part; a smooth part; what a child has of its own, which no smooth function predicts; what an end of the space has,
 * which the sandwich rule trains in every step; and a line over a score of the child. The parts' sizes are those of the largest likelihood
 * among a grid.
 */
import { cholesky, dot, matrixOf, solveBy, solveLower, type Matrix } from "./cholesky.js";
import type { Features } from "./features.js";

/** Where the process is asked, or was observed. */
export interface Point {
  readonly features: Features;
  /** What else predicts the target, of mean 0 and deviation 1; 0 where nothing does. */
  readonly score: number;
}

/** Joint normal distribution of some children's values. */
export interface Belief {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

/** Standard deviations of K's parts, in units of the targets. */
export interface Scales {
  readonly linear: number;
  readonly smooth: number;
  readonly own: number;
  readonly score: number;
}

export interface Process {
  readonly scales: Scales;
  /** What a score of 1 adds to the target. */
  readonly slope: number;
  believe(points: readonly Point[]): Belief;
}

/** Prior standard deviations, in units of the targets', of what is common to all children and of an end's distance from the rest: wide enough to say nothing. */
const COMMON = 10;
const END = 3;
/** Distance at which the smooth part forgets, in units of a dimension's range, for one dimension. */
const LENGTH = 0.5;
/** In units of the targets' deviation. */
const grid = {
  linear: [0.3, 1, 3],
  smooth: [0, 0.3, 1],
  own: [0.03, 0.1, 0.2, 0.4, 0.8],
  score: [0, 0.5, 1.5],
};

/**
 * @param targets of the points; at least one
 * @param noise covariance of the targets' errors
 * @param known scales found before; by default those of the largest likelihood
 */
export function fitProcess(points: readonly Point[], targets: Float64Array, noise: Matrix, known?: Scales): Process {
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length;
  const residuals = targets.map((target) => target - mean);
  const unit = Math.sqrt(dot(residuals, residuals) / targets.length) || LEAST_UNIT;
  // The lower triangle alone is read.
  const parts = points.map((a, i) => points.slice(0, i + 1).map((b) => partsOf(a, b)));
  const condition = (scales: Scales) => {
    const lower = cholesky(
      parts.map((row, i) => Float64Array.from(row, (part, j) => covarianceOf(part, scales, unit) + noise[i]![j]!)),
    );
    return { lower, weights: solveBy(lower, residuals) };
  };
  const scales = known ?? likeliest(residuals, unit, points, condition);
  const { lower, weights } = condition(scales);
  const prior = (a: Point, b: Point): number => covarianceOf(partsOf(a, b), scales, unit);
  return {
    scales,
    slope: scales.score ** 2 * points.reduce((sum, { score }, i) => sum + score * weights[i]!, 0),
    believe(asked) {
      const cross = matrixOf(asked.length, points.length, (i, j) => prior(asked[i]!, points[j]!));
      const explained = cross.map((row) => solveLower(lower, row));
      const covariance = matrixOf(asked.length, asked.length, () => 0);
      for (let i = 0; i < asked.length; i++) {
        for (let j = 0; j <= i; j++) {
          const left = prior(asked[i]!, asked[j]!) - dot(explained[i]!, explained[j]!);
          covariance[i]![j] = covariance[j]![i] = left;
        }
      }
      return { mean: Float64Array.from(cross, (row) => mean + dot(row, weights)), covariance };
    },
  };
}

/** Where all targets are equal. */
const LEAST_UNIT = 1e-3;

/** What each part of the prior says of two children, for a scale of 1. */
interface Parts extends Scales {
  readonly end: number;
}

function partsOf(a: Point, b: Point): Parts {
  const [left, right] = [a.features, b.features];
  const count = left.values.length;
  let [product, squares] = [0, 0];
  for (let k = 0; k < count; k++) {
    // Centred, so that a slope moves both ends by the same.
    product += (2 * left.values[k]! - 1) * (2 * right.values[k]! - 1);
    squares += (left.values[k]! - right.values[k]!) ** 2;
  }
  return {
    linear: product / count,
    smooth: Math.exp(-squares / (2 * LENGTH ** 2 * count)),
    own: left.id === right.id ? 1 : 0,
    score: a.score * b.score,
    end: left.end !== undefined && left.end === right.end ? 1 : 0,
  };
}

/** The prior's covariance of two children. */
const covarianceOf = (part: Parts, { linear, smooth, own, score }: Scales, unit: number): number =>
  unit ** 2 * (COMMON ** 2 + END ** 2 * part.end) +
  linear ** 2 * part.linear +
  smooth ** 2 * part.smooth +
  own ** 2 * part.own +
  score ** 2 * part.score;

/** The scales of the grid under which the targets are likeliest. */
function likeliest(
  residuals: Float64Array,
  unit: number,
  points: readonly Point[],
  condition: (scales: Scales) => { lower: Matrix; weights: Float64Array },
): Scales {
  const scores = points.some(({ score }) => score !== 0) ? grid.score : [0];
  let best: { scales: Scales; likelihood: number } | undefined;
  for (const linear of grid.linear) {
    for (const smooth of grid.smooth) {
      for (const own of grid.own) {
        for (const score of scores) {
          const scales = { linear: linear * unit, smooth: smooth * unit, own: own * unit, score: score * unit };
          const { lower, weights } = condition(scales);
          const determinant = lower.reduce((sum, row, i) => sum + 2 * Math.log(row[i]!), 0);
          const likelihood = -dot(residuals, weights) - determinant;
          if (likelihood > (best?.likelihood ?? -Infinity)) best = { scales, likelihood };
        }
      }
    }
  }
  return best!.scales;
}
