/** What the rounds of a session say of each model: the undisturbed latency, which decides, and the times as they were. */
import { median, quantile } from "./statistics.js";
import { repeatabilityOf, undisturbed } from "./undisturbed.js";

/** How long a model takes for one input, and how sure that is. */
export interface Latency {
  readonly name: string;
  /** What it takes when nothing else slows the machine, in ms: this is what repeats, and what budgets and comparisons go by. */
  readonly undisturbedMs: number;
  /** Where the undisturbed latency of another session lies, in 95 % of cases: ± `repeatability`. */
  readonly intervalMs: readonly [low: number, high: number];
  /** The share by which another session differs at most, in 95 % of cases: 0.03 is ± 3 %. */
  readonly repeatability: number;
  /** Median of all runs as they were, in ms. */
  readonly p50Ms: number;
  /** 90 % of all runs were at most as slow. */
  readonly p90Ms: number;
  /** The fastest run. */
  readonly minMs: number;
  /** Length of the session. */
  readonly seconds: number;
  /** Rounds measured. */
  readonly rounds: number;
  /** Timed runs in all rounds. */
  readonly runs: number;
  /** The anchor's undisturbed latency in the same rounds: the state of the machine. */
  readonly anchorMs: number;
  /** How much slower the anchor's rounds were than undisturbed, nine of ten at most: how noisy the machine was. */
  readonly anchorSpread: number;
}

/** One round of a session. */
export interface Round {
  /** How often the models were loaded before: rounds of one load share the models' places in memory. */
  readonly load: number;
  /** When it began, in ms since the session did. */
  readonly atMs: number;
  /** The times of every model's runs, in ms; the anchor's are last. */
  readonly times: readonly (readonly number[])[];
}

/** A session: its rounds, in order. */
export interface Session {
  /** The models, without the anchor. */
  readonly names: readonly string[];
  readonly seconds: number;
  readonly rounds: readonly Round[];
}

/** The anchor's undisturbed latency in a session. */
export const anchorOf = ({ names, rounds }: Session): number =>
  undisturbed(rounds.map(({ times }) => median(times[names.length]!)));

/** What is known of the anchor beside the session. */
export interface KnownAnchor {
  /** The figures refer to this undisturbed latency of the anchor; without it, they are the session's own. */
  readonly anchorMs?: number;
  /** The fastest that the anchor was in any session: where it is slower now, the figures may be slow by as much, and the intervals say so. */
  readonly fastestMs?: number;
}

/** @param seed of the resampling */
export function latenciesOf(session: Session, seed: number, { anchorMs, fastestMs }: KnownAnchor = {}): Latency[] {
  const { names, seconds, rounds } = session;
  const anchorHere = anchorOf(session);
  const anchorSpread =
    quantile(
      rounds.map(({ times }) => median(times[names.length]!)),
      0.9,
    ) /
      anchorHere -
    1;
  const scale = anchorMs === undefined ? 1 : anchorMs / anchorHere;
  const slowBy = fastestMs === undefined ? 0 : anchorHere / fastestMs - 1;
  const loads = byLoad(rounds);
  return names.map((name, model) => {
    const medians = rounds.map(({ times }) => median(times[model]!) * scale);
    const undisturbedMs = undisturbed(medians);
    const byItself = repeatabilityOf(
      loads.map((load) => load.map((round) => medians[round]!)),
      seed,
    );
    const repeatability = Math.max(byItself, slowBy);
    const runs = rounds.flatMap(({ times }) => times[model]!).sort((a, b) => a - b);
    return {
      name,
      undisturbedMs,
      intervalMs: intervalOf(undisturbedMs, repeatability),
      repeatability,
      p50Ms: median(runs),
      p90Ms: quantile(runs, 0.9),
      minMs: runs[0]!,
      seconds,
      rounds: rounds.length,
      runs: runs.length,
      anchorMs: anchorMs ?? anchorHere,
      anchorSpread,
    };
  });
}

/** Where another session's figure lies, in 95 % of cases. */
export const intervalOf = (undisturbedMs: number, repeatability: number): [low: number, high: number] => [
  undisturbedMs * Math.max(0, 1 - repeatability),
  undisturbedMs * (1 + repeatability),
];

/** The rounds' numbers by load. */
function byLoad(rounds: readonly Round[]): number[][] {
  const loads: number[][] = [];
  for (const [i, { load }] of rounds.entries()) (loads[load] ??= []).push(i);
  return loads;
}
