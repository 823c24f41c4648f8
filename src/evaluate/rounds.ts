/** What the rounds of a session say of each model: the undisturbed latency, which decides, and the times as they were. */
import type { StateChange } from "../target/machine-state.js";
import type { Placement } from "../target/placement.js";
import type { Start } from "../target/target.js";
import type { Numerics } from "./probe.js";
import { courseOf, quantilesOf } from "./distribution.js";
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
  /** All runs as they were: 0 %, 5 %, … 100 % of them were at most as slow, in ms. */
  readonly quantilesMs: readonly number[];
  /** The median run of each twelfth of the session, in order, in ms: how the device's speed drifted. Fewer where there were fewer rounds. */
  readonly courseMs: readonly number[];
  /** Median over the session's loads of the first run after loading: caches are cold, memory is not yet planned. Undefined where a program doesn't say. */
  readonly firstMs?: number | undefined;
  /** Median over the session's loads of the time that loading takes, in ms. */
  readonly loadMs?: number | undefined;
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
  /** What the undisturbed latency was multiplied by: the anchor's latency that it refers to, divided by `anchorMs`. 1: it is as measured. */
  readonly scale: number;
  /** Sessions of this machine that the anchor's reference is known from; 0 where no profile was used. */
  readonly profileSessions: number;
  /** How the target computes the model's probe; undefined where there is none, or the target gives times alone. */
  readonly numerics?: Numerics | undefined;
  /** Clock, temperature and throttling before and after a session that decides, where the system shows them. */
  readonly state?: StateChange | undefined;
  /** Which execution provider runs its nodes, after a session that decides, where the target can tell and it isn't the CPU that was asked for. */
  readonly placement?: Placement | undefined;
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
  /** Each model's loads, in order; the anchor's are last. */
  readonly starts: readonly (readonly Start[])[];
  readonly rounds: readonly Round[];
  /** How the target computes each model's probe. */
  readonly numerics?: readonly (Numerics | undefined)[];
  /** The device before and after it, where it was looked at. */
  readonly state?: StateChange | undefined;
  /** Where the target runs each model's nodes, where it was asked. */
  readonly placements?: readonly (Placement | undefined)[];
  /** Whether every visit was a program of its own, which warms up by itself. */
  readonly byProgram?: boolean;
}

/** The anchor's undisturbed latency in a session. */
export const anchorOf = (session: Session): number => undisturbed(mediansOf(session, session.names.length));

/** A model's median in each round; the anchor comes after the models. */
const mediansOf = ({ rounds }: Session, model: number): number[] => rounds.map(({ times }) => median(times[model]!));

/** What is known of the anchor beside the session. */
export interface KnownAnchor {
  /** The figures refer to this undisturbed latency of the anchor; without it, they are as measured. */
  readonly referenceMs?: number | undefined;
  /** Sessions that the reference is known from; none by default. */
  readonly sessions?: number;
  /** What sessions differ by although they refer to one latency of the anchor, as a share; none by default. */
  readonly unexplained?: number;
  /** The fastest that the anchor was in any session: where it is slower now, the figures may be slow by as much, and the intervals say so. */
  readonly fastestMs?: number;
}

/** @param seed of the resampling */
export function latenciesOf(session: Session, seed: number, known: KnownAnchor = {}): Latency[] {
  const { names, seconds, starts, rounds, numerics, state, placements } = session;
  const { referenceMs, fastestMs, unexplained = 0 } = known;
  const loads = loadsOf(rounds);
  const byLoad = (medians: readonly number[]): number[][] => loads.map((load) => load.map((round) => medians[round]!));
  const anchorMedians = mediansOf(session, names.length);
  const anchorMs = undisturbed(anchorMedians);
  const scale = referenceMs === undefined ? 1 : referenceMs / anchorMs;
  const slowBy = fastestMs === undefined ? 0 : anchorMs / fastestMs - 1;
  return names.map((name, model) => {
    const medians = mediansOf(session, model);
    const undisturbedMs = undisturbed(medians) * scale;
    const byItself = repeatabilityOf(
      byLoad(medians),
      seed,
      referenceMs === undefined ? undefined : byLoad(anchorMedians),
      session.byProgram,
    );
    const repeatability = Math.max(Math.hypot(byItself, unexplained), slowBy);
    const runs = rounds.flatMap(({ times }) => times[model]!).sort((a, b) => a - b);
    return {
      name,
      undisturbedMs,
      intervalMs: intervalOf(undisturbedMs, repeatability),
      repeatability,
      p50Ms: median(runs),
      p90Ms: quantile(runs, 0.9),
      minMs: runs[0]!,
      quantilesMs: quantilesOf(runs),
      courseMs: courseOf(rounds.map(({ times }) => times[model]!)),
      firstMs: knownMedian(starts[model]!.map(({ firstMs }) => firstMs)),
      loadMs: knownMedian(starts[model]!.map(({ loadMs }) => loadMs)),
      seconds,
      rounds: rounds.length,
      runs: runs.length,
      anchorMs,
      anchorSpread: quantile(anchorMedians, 0.9) / anchorMs - 1,
      scale,
      profileSessions: known.sessions ?? 0,
      ...(numerics?.[model] && { numerics: numerics[model] }),
      ...(state && { state }),
      ...(placements?.[model] && { placement: placements[model] }),
    };
  });
}

/** Where another session's figure lies, in 95 % of cases. */
export const intervalOf = (undisturbedMs: number, repeatability: number): [low: number, high: number] => [
  undisturbedMs * Math.max(0, 1 - repeatability),
  undisturbedMs * (1 + repeatability),
];

function knownMedian(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : median(known);
}

/** The rounds' numbers by load. */
function loadsOf(rounds: readonly Round[]): number[][] {
  const loads: number[][] = [];
  for (const [i, { load }] of rounds.entries()) (loads[load] ??= []).push(i);
  return loads;
}
