/**
 * The processes of one job, each a rank: all compute, rank 0 alone writes files and speaks. Whoever trains is given its ranks, and
 * `alone` is the job of one process, so that no line of training asks whether there are others.
 */
export interface Ranks {
  /** This process's number, from 0. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** Everyone's array becomes rank 0's. */
  broadcast(array: Numbers): void;
  /** The array is cut into `counts[r]` numbers for each rank r; every rank has filled in its own, and afterwards has all. */
  gather(array: Numbers, counts: readonly number[]): void;
  /** `from` is cut into `fromCounts[r]` numbers that go to rank r; `into` is filled with `intoCounts[r]` from each rank r. */
  exchange(from: Float32Array, fromCounts: readonly number[], into: Float32Array, intoCounts: readonly number[]): void;
  /** Waits until every rank leaves; nothing may be called afterwards. */
  leave(): void;
  /** Ends the whole job now, with this exit code. */
  abort(exitCode: number): void;
}

/** An array that ranks share. */
export type Numbers = Float32Array | Float64Array;

export const alone: Ranks = {
  rank: 0,
  size: 1,
  broadcast: () => undefined,
  gather: () => undefined,
  exchange: (from, _, into) => into.set(from),
  leave: () => undefined,
  abort: (exitCode) => process.exit(exitCode),
};
