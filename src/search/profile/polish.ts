/**
 * Children timed in many sessions, each session at a speed of its own: log t_cs ≈ child_c + session_s, with the least Σ of Huber's loss. A
 * machine that is slow in a session slows all of it, so children of other sessions compare; a moment that disturbs one child is an outlier,
 * which counts by its distance and not by the square of it.
 */
import { median } from "../../evaluate/statistics.js";

/** A child's figure in a session. */
export interface Figure {
  readonly child: number;
  readonly session: number;
  /** Above 0. */
  readonly ms: number;
}

/** What sessions tell together. */
export interface Polished {
  /** Each child's, at the speed of the median session. */
  readonly latenciesMs: readonly number[];
  /** What a child's latency is off by, by chance: the standard deviation of the figures' rest, as a share, over the root of their number. */
  readonly noise: number;
}

const SWEEPS = 200;
/** Up to this share, a difference counts by its square. */
const NEAR = 0.003;
/** A normal distribution's standard deviation over its median absolute deviation. */
const OF_NORMAL = 1.4826;
/** How much more the middle of such a fit varies than a mean, at most: as a median does. */
const OF_MEDIAN = Math.sqrt(Math.PI / 2);

/** @param figures at least one of every child and of every session */
export function polish(figures: readonly Figure[]): Polished {
  const logs = figures.map(({ ms }) => Math.log(ms));
  const byChild = indicesBy(figures.map(({ child }) => child));
  const bySession = indicesBy(figures.map(({ session }) => session));
  const child = new Float64Array(byChild.length);
  const session = new Float64Array(bySession.length);
  const restOf = (i: number): number => logs[i]! - child[figures[i]!.child]! - session[figures[i]!.session]!;
  // A convex sum, brought down by weighted means, first over sessions and then over children.
  const weights = new Float64Array(figures.length).fill(1);
  const move = (factors: Float64Array, lists: readonly (readonly number[])[]): void => {
    for (const [k, of] of lists.entries()) {
      const total = of.reduce((sum, i) => sum + weights[i]!, 0);
      factors[k]! += of.reduce((sum, i) => sum + weights[i]! * restOf(i), 0) / total;
    }
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    move(session, bySession);
    move(child, byChild);
    for (const i of figures.keys()) weights[i] = 1 / Math.max(NEAR, Math.abs(restOf(i)));
  }
  const middle = median([...session]);
  // Both factors are fitted, which takes their number from what is free.
  const free = Math.sqrt(figures.length / Math.max(1, figures.length - child.length - session.length + 1));
  const spread = OF_NORMAL * median([...figures.keys()].map((i) => Math.abs(restOf(i)))) * free;
  return {
    latenciesMs: [...child].map((log) => Math.exp(log + middle)),
    noise: (OF_MEDIAN * spread) / Math.sqrt(figures.length / child.length),
  };
}

/** Indices of the entries of each number from 0. */
function indicesBy(numbers: readonly number[]): number[][] {
  const lists: number[][] = [];
  for (const [i, number] of numbers.entries()) (lists[number] ??= []).push(i);
  return lists;
}
