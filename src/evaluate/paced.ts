/**
 * Latency at the pace of an app that runs a model once a frame and idles in between (docs/latency-protocol.md): clocks drop, caches cool, and a
 * run takes longer than in a loop. Visits at that pace and visits without a pause alternate, so that their ratio is of the same minutes.
 */
import { permutation, random } from "../base/random.js";
import type { Target } from "../target/target.js";
import { refuseProgram } from "./refuse-program.js";
import { ratioIntervalOf } from "./ratio-interval.js";
import type { Timed } from "./session.js";
import { median, quantile } from "./statistics.js";
import { withWarmModels, type Visit } from "./warm-up.js";

/** How long a model takes where the device idles between two runs. */
export interface PacedLatency {
  readonly name: string;
  /** A run begins so many ms after the one before. */
  readonly everyMs: number;
  /** Median of the runs at this pace, in ms. */
  readonly p50Ms: number;
  /** 90 % of these runs were at most as slow. */
  readonly p90Ms: number;
  /** Their median divided by the median of runs without a pause, in turn with them. */
  readonly ratio: number;
  /** Where the ratio lies in 95 % of resamples of the visits. */
  readonly ratioInterval: readonly [low: number, high: number];
  /** Share of the runs that took longer than `everyMs`: an app drops frames there. */
  readonly lateShare: number;
  /** Runs at this pace. */
  readonly runs: number;
  /** Length of the measurement. */
  readonly seconds: number;
}

export interface PaceOptions {
  /** A run begins so many ms after the one before. */
  readonly everyMs: number;
  /** For all models together, by the target's clock. */
  readonly seconds: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs of a visit after one that is not counted, as in a session. */
const RUNS = 5;
const LEAST_VISITS = 3;

/**
 * Times models at a pace, in turn.
 * @throws UserError `target/program` where the target starts a program for each visit
 */
export async function timePaced(
  target: Target,
  models: readonly Timed[],
  { everyMs, seconds, seed, signal }: PaceOptions,
): Promise<PacedLatency[]> {
  refuseProgram(target, "a pace");
  const found = models.map(() => ({ paced: [] as (readonly number[])[], unpaced: [] as (readonly number[])[] }));
  const lasted = await withWarmModels(target, models, `${seed} paced`, async (visits) => {
    const draw = random("paced", seed);
    const began = target.nowMs;
    for (let turn = 0; turn < LEAST_VISITS || target.nowMs - began < 1000 * seconds; turn++) {
      for (const index of permutation(visits.length, draw)) {
        found[index]!.paced.push(await timesOf(target, visits[index]!, signal, everyMs));
        found[index]!.unpaced.push(await timesOf(target, visits[index]!, signal));
      }
    }
    return (target.nowMs - began) / 1000;
  });
  return found.map(({ paced, unpaced }, i) => {
    const runs = paced.flat();
    return {
      name: models[i]!.name,
      everyMs,
      p50Ms: median(runs),
      p90Ms: quantile(runs, 0.9),
      ratio: median(runs) / median(unpaced.flat()),
      ratioInterval: ratioIntervalOf(paced, unpaced, (visits) => median(visits.flat()), seed),
      lateShare: runs.filter((ms) => ms > everyMs).length / runs.length,
      runs: runs.length,
      seconds: lasted,
    };
  });
}

/** The times of one visit. */
async function timesOf(
  target: Target,
  visit: Visit,
  signal: AbortSignal | undefined,
  everyMs?: number,
): Promise<readonly number[]> {
  const once = { visits: [visit], seed: "", forMs: 0, atLeast: 1, atMost: 1 };
  const [round] = await target.rounds({ ...once, runs: 1 + RUNS, everyMs, signal });
  return round!.times[0]!;
}
