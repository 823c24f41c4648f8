/**
 * The undisturbed latency: what a model takes when nothing else slows the machine. It is a low quantile over many short rounds, since what
 * else happens on a machine only slows; and it is what repeats from one session to another (docs/latency-protocol.md).
 *
 *   undisturbed = the 1 % quantile of the rounds' medians
 *   repeatability = √2 · 1.96 · s / undisturbed, at least what sessions of a quiet machine differ by     (ISO 5725-2's repeatability limit)
 *
 * s is the deviation of the figure over resamples of whole loads: the rounds of a load share the machine's state and their places in memory.
 */
import { random } from "../base/random.js";

/** Share of the rounds that are at most as fast as the undisturbed latency. */
const QUIET_SHARE = 0.01;
const RESAMPLES = 400;
/** What two measurements differ by in 95 % of cases, in standard deviations of one: 1.96 · √2. */
const REPEATABILITY_LIMIT = 2.772;

/** The 1 % quantile of the rounds' medians, by the nearest rank; NaN of nothing. */
export function undisturbed(roundMedians: readonly number[]): number {
  const sorted = [...roundMedians].sort((a, b) => a - b);
  return sorted[Math.ceil(QUIET_SHARE * sorted.length) - 1] ?? NaN;
}

/**
 * What sessions differ by on a quiet machine: a part that is a share, and one that is a time, both of where a process lies in memory. The anchor
 * shares most of the latter.
 */
const FLOOR = { share: 0.01, ms: 0.0015, msByAnchor: 0.0005 };
/** In fewer rounds, the JavaScript around a run may not be compiled yet, unless the rounds are of programs. */
export const ENOUGH_ROUNDS = 250;
/** What that adds. */
const MS_OF_FEW_ROUNDS = 0.01;
/** What single loads differ by, at least. */
const FLOOR_OF_ONE_LOAD = 0.05;

/**
 * The share by which another session's figure differs at most, in 95 % of cases.
 * @param loads the rounds' medians, by load: what is resampled. Of a single load it is the rounds
 * @param anchorLoads the anchor's in the same rounds, where the figure refers to it: then the ratio is what repeats
 * @param byProgram whether no JavaScript is around a run
 */
export function repeatabilityOf(loads: Loads, seed: number, anchorLoads?: Loads, byProgram = false): number {
  const figure = undisturbed(loads.flat());
  // Less than the clock can tell.
  if (figure === 0) return 1;
  const isOne = loads.length === 1;
  const ofEnough = anchorLoads ? FLOOR.msByAnchor : FLOOR.ms;
  const floorMs = !byProgram && loads.flat().length < ENOUGH_ROUNDS ? MS_OF_FEW_ROUNDS : ofEnough;
  const floor = isOne ? FLOOR_OF_ONE_LOAD : FLOOR.share + floorMs / figure;
  const figures = resampled(loads, seed);
  // From the same seed, the anchor's resamples are of the same loads.
  const anchors = anchorLoads && resampled(anchorLoads, seed);
  const relative = figures.map((ms, i) => (anchors ? ms / anchors[i]! : ms));
  const mean = anchorLoads ? figure / undisturbed(anchorLoads.flat()) : figure;
  return Math.max(floor, (REPEATABILITY_LIMIT * deviation(relative)) / mean);
}

/** Medians of rounds, by load. */
type Loads = readonly (readonly number[])[];

/** The undisturbed latency of resamples of the loads, or of the rounds of a single one. */
function resampled(loads: Loads, seed: number): number[] {
  const blocks = loads.length === 1 ? loads[0]!.map((ms) => [ms]) : loads;
  const draw = random(seed, "blocks", blocks.length);
  // Sorted once: a resample is how often each block counts, and its low quantile is near the beginning.
  const sorted = blocks.flatMap((rounds, block) => rounds.map((ms) => ({ ms, block }))).sort((a, b) => a.ms - b.ms);
  return Array.from({ length: RESAMPLES }, () => {
    const times = new Uint32Array(blocks.length);
    let total = 0;
    for (let i = 0; i < blocks.length; i++) {
      const block = draw.integer(blocks.length);
      times[block]!++;
      total += blocks[block]!.length;
    }
    let rank = Math.ceil(QUIET_SHARE * total);
    return sorted.find(({ block }) => (rank -= times[block]!) <= 0)!.ms;
  });
}

/** The standard deviation. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
