/**
 * Which children tell most of a device's costs: greedily, the child that raises det(P + Σ x·xᵀ) most (Bayesian D-optimal design), from a pool
 * of random children. x are a child's shares: what is counted of it, scaled by the pool's mean, divided by their sum, which stands for the
 * latency that is not known yet. One more child multiplies the determinant by 1 + xᵀ·(P + Σ x·xᵀ)⁻¹·x.
 */
import { permutation, random } from "../../base/random.js";
import { UserError } from "../../base/user-error.js";
import { biggest, idOf, sample, smallest, type Architecture, type SearchSpace } from "../../space/space.js";
import { dot } from "../cholesky.js";
import type { LayerCosts } from "./layer-costs.js";

/** The children of a profile. */
export interface Design {
  /** Costs are fitted to these: both ends of the space, then the others as they were chosen. */
  readonly fitted: readonly Architecture[];
  /** Random children that no cost is fitted to: they tell the errors. */
  readonly heldOut: readonly Architecture[];
}

/** Draws of the pool: in a small space many are the same child. */
const DRAWS = 1000;
/** The diagonal of P, as a share of what one child adds to it. */
const PRIOR = 1e-3;
/** Fewer would say nothing of the errors. */
const FEWEST = { fitted: 3, heldOut: 2 } as const;

/**
 * @param children to fit to; there are half as many held out. Of a small space, two thirds and one third
 * @throws UserError `search/profile-space` where a space has too few children
 */
export function designOf(
  space: SearchSpace,
  layersOf: (architecture: Architecture) => LayerCosts,
  { children, seed }: { readonly children: number; readonly seed: number },
): Design {
  const pool = distinct(space, [
    ...[smallest(space), biggest(space)],
    ...Array.from({ length: DRAWS + 2 * children }, (_, i) => sample(space, random(seed, "profile", i))),
  ]);
  const fitted = Math.min(children, pool.length - Math.ceil(pool.length / 3));
  const heldOut = Math.min(Math.ceil(fitted / 2), pool.length - fitted);
  if (fitted < FEWEST.fitted || heldOut < FEWEST.heldOut) {
    throw new UserError("search/profile-space", {
      at: `space ${space.name}`,
      got: `one of ${pool.length} architectures`,
      want: `at least ${FEWEST.fitted + FEWEST.heldOut}`,
      fix: "Time these few with a latency bench instead.",
    });
  }
  const [ends, others] = [pool.slice(0, 2), pool.slice(2)];
  const order = permutation(others.length, random(seed, "profile", "held out"));
  const shuffled = [...order].map((i) => others[i]!);
  const candidates = [...ends, ...shuffled.slice(heldOut)];
  const chosen = mostTelling(sharesOf(candidates.map(layersOf)), fitted, ends.length);
  return { fitted: chosen.map((i) => candidates[i]!), heldOut: shuffled.slice(0, heldOut) };
}

/**
 * Indices of rows, in the order in which they are chosen.
 * @param first so many of the rows are taken in any case
 */
export function mostTelling(rows: readonly Float64Array[], count: number, first = 0): number[] {
  const width = rows[0]!.length;
  const prior = (PRIOR * rows.reduce((sum, row) => sum + dot(row, row), 0)) / (rows.length * width);
  /** The inverse of P + Σ x·xᵀ, kept up to date by Sherman and Morrison's formula. */
  const inverse = Array.from({ length: width }, (_, j) => new Float64Array(width).fill(1 / prior, j, j + 1));
  const chosen: number[] = [];
  while (chosen.length < count) {
    const next = chosen.length < first ? chosen.length : best(rows, inverse, new Set(chosen));
    chosen.push(next);
    const image = inverse.map((row) => dot(row, rows[next]!));
    const gain = 1 + image.reduce((sum, value, k) => sum + value * rows[next]![k]!, 0);
    for (const [j, row] of inverse.entries()) {
      for (let k = 0; k < width; k++) row[k]! -= (image[j]! * image[k]!) / gain;
    }
  }
  return chosen;
}

function best(rows: readonly Float64Array[], inverse: readonly Float64Array[], taken: ReadonlySet<number>): number {
  let found = -1;
  let most = -Infinity;
  for (const [i, row] of rows.entries()) {
    if (taken.has(i)) continue;
    const gain = inverse.reduce((sum, of, j) => sum + row[j]! * dot(of, row), 0);
    if (gain > most) [found, most] = [i, gain];
  }
  return found;
}

function sharesOf(all: readonly LayerCosts[]): Float64Array[] {
  const names = [...new Set(all.flatMap((costs) => Object.keys(costs)))].sort();
  const means = names.map((name) => all.reduce((sum, costs) => sum + (costs[name] ?? 0), 0) / all.length);
  return all.map((costs) => {
    const scaled = Float64Array.from(names, (name, k) => (costs[name] ?? 0) / means[k]!);
    const sum = scaled.reduce((total, share) => total + share, 0);
    return scaled.map((share) => share / sum);
  });
}

const distinct = (space: SearchSpace, all: readonly Architecture[]): Architecture[] => [
  ...new Map(all.map((architecture) => [idOf(space, architecture), architecture])).values(),
];
