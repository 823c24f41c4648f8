/**
 * Latency under lasting load (docs/latency-protocol.md): a model runs without a pause, and the end is compared with the start. A device that
 * gets hot slows down, and no session of half a minute tells.
 */
import type { StateChange } from "../target/machine-state.js";
import type { Target, TimedRound } from "../target/target.js";
import { courseOf } from "./distribution.js";
import { ratioIntervalOf } from "./ratio-interval.js";
import { refuseProgram } from "./refuse-program.js";
import type { Timed } from "./session.js";
import { median, quantile } from "./statistics.js";
import { withWarmModels } from "./warm-up.js";

/** What a model takes at the start and at the end of a long run. */
export interface SustainedLatency {
  readonly name: string;
  /** Length of the run. */
  readonly seconds: number;
  /** In the first tenth of it, in ms: the 10 % quantile of medians over some 20 ms each, so that other work on the device hardly counts. */
  readonly startMs: number;
  /** The same in the last tenth. */
  readonly endMs: number;
  /** `endMs / startMs`: above 1, the device has slowed down. */
  readonly ratio: number;
  /** Where the ratio lies in 95 % of resamples of the seconds. */
  readonly ratioInterval: readonly [low: number, high: number];
  /** Median run of each twelfth, in order, in ms. */
  readonly courseMs: readonly number[];
  readonly runs: number;
  /** Clock, temperature and throttling before and after, where the system shows them. */
  readonly state?: StateChange | undefined;
}

export interface SustainOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a round takes, about: shorter than most disturbances. */
const ROUND_MS = 20;
const MOST_RUNS = 999;
/** A stretch of the rounds, which an agent answers at once. */
const PART_MS = 1000;
const MOST_ROUNDS_OF_PART = 1000;
/** Share of the run that counts as its start, and as its end. */
const ENDS = 0.1;

/** A round's median, and when it was, in ms since the run began. */
interface Moment {
  readonly atMs: number;
  readonly ms: number;
}

/**
 * Lets a model run without a pause.
 * @throws UserError `target/program` where the target starts a program for each visit
 */
export async function timeSustained(
  target: Target,
  model: Timed,
  { seconds, seed, signal }: SustainOptions,
): Promise<SustainedLatency> {
  refuseProgram(target, "a sustained load");
  const { state: before } = await target.environment();
  const run = await withWarmModels(target, [model], `${seed} sustained`, async ([visit]) => {
    const runMs = median(await visit!.model.time(visit!.input, visit!.dims, 10));
    const perRound = Math.max(1, Math.min(MOST_RUNS, Math.round(ROUND_MS / runMs)));
    const began = target.nowMs;
    const moments: Moment[] = [];
    for (let part = 0; target.nowMs - began < 1000 * seconds; part++) {
      const sinceMs = target.nowMs - began;
      const rounds = await target.rounds({
        ...{ visits: [visit!], runs: 1 + perRound, seed: `${seed} ${part}`, signal },
        ...{ forMs: Math.min(PART_MS, 1000 * seconds - sinceMs), atLeast: 1, atMost: MOST_ROUNDS_OF_PART },
      });
      moments.push(...rounds.map((round) => momentOf(round, sinceMs)));
    }
    return { moments, runs: moments.length * perRound, seconds: (target.nowMs - began) / 1000 };
  });
  const { state: after } = await target.environment();
  const [start, end] = endsOf(run.moments, 1000 * run.seconds);
  return {
    name: model.name,
    seconds: run.seconds,
    startMs: figureOf(start),
    endMs: figureOf(end),
    ratio: figureOf(end) / figureOf(start),
    ratioInterval: ratioIntervalOf(end, start, figureOf, seed),
    courseMs: courseOf(run.moments.map(({ ms }) => [ms])),
    runs: run.runs,
    ...(before && after && { state: { before, after } }),
  };
}

const momentOf = ({ atMs, times }: TimedRound, sinceMs: number): Moment => ({
  atMs: sinceMs + atMs,
  ms: median(times[0]!),
});

/** @returns the first and the last tenth, each in blocks of a second: what happens on a device lasts, so moments are alike */
function endsOf(moments: readonly Moment[], lastedMs: number): [start: Moment[][], end: Moment[][]] {
  const blocks = (part: readonly Moment[]): Moment[][] => {
    const bySecond = new Map<number, Moment[]>();
    for (const moment of part) {
      const second = Math.floor(moment.atMs / 1000);
      bySecond.set(second, [...(bySecond.get(second) ?? []), moment]);
    }
    return [...bySecond.values()];
  };
  const begins = moments.filter(({ atMs }, i) => i === 0 || atMs < ENDS * lastedMs);
  const ends = moments.filter(({ atMs }, i) => i === moments.length - 1 || atMs >= (1 - ENDS) * lastedMs);
  return [blocks(begins), blocks(ends)];
}

const figureOf = (blocks: readonly (readonly Moment[])[]): number =>
  quantile(
    blocks.flat().map(({ ms }) => ms),
    0.1,
  );
