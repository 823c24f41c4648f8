/**
 * Latency by one protocol (docs/latency-protocol.md): one session at a time, warm-up, rounds that visit every model in fresh random
 * order, an anchor model in every round, medians of rounds, an interval by resampling rounds, stopping when it is narrow enough.
 */
import { permutation, random, type Random } from "../base/random.js";
import { openSession, type Session } from "../runtime/session.js";
import { ANCHOR_SIZE, anchorModel } from "./anchor.js";
import { environment, type Environment } from "./environment.js";
import { bootstrapMedian, median, quantile } from "./statistics.js";

export interface Timed {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Batch 1: [1, channels, height, width]. */
  readonly dims: readonly number[];
}

export interface Latency {
  readonly name: string;
  /** Median of the rounds' medians, in ms, normalised by the anchor. */
  readonly p50Ms: number;
  /** 95 % interval of it. */
  readonly intervalMs: readonly [low: number, high: number];
  /** Of single runs, normalised too. */
  readonly p90Ms: number;
  /** The fastest run as it was. */
  readonly minMs: number;
  readonly rounds: number;
  readonly runs: number;
  /** Relative spread of the anchor's rounds: how noisy the machine was. */
  readonly anchorSpread: number;
}

export interface LatencyOptions {
  /** Intra-op threads of onnxruntime. */
  readonly threads?: number;
  readonly seed?: number;
  /** Stop when the interval's half width is below this share of the median. */
  readonly precision?: number;
  readonly minRounds?: number;
  readonly maxRounds?: number;
}

export interface LatencyBench {
  readonly environment: Environment;
  /** The anchor's own median in ms when the bench was opened. */
  readonly anchorMs: number;
  /** Times models together, in interleaved rounds. */
  measure(models: readonly Timed[]): Promise<Latency[]>;
  close(): Promise<void>;
}

const WARM_UP_RUNS = 10;
const WARM_UP_MS = 100;
/** Timed runs of a model in a round, behind one that refills the caches and is not counted. */
const RUNS_PER_ROUND = 10;

interface Contestant {
  readonly session: Session;
  readonly dims: readonly number[];
  readonly input: Float32Array;
}

async function timeRun({ session, input, dims }: Contestant): Promise<number> {
  const start = process.hrtime.bigint();
  await session.run(input, dims);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

async function open(bytes: Uint8Array, dims: readonly number[], threads: number, draw: Random): Promise<Contestant> {
  const session = await openSession(bytes, { threads });
  // Normal numbers: zeros and denormals run at other speeds than images.
  const input = Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, () => draw.normal());
  return { session, dims, input };
}

async function warmUp(contestant: Contestant): Promise<void> {
  const start = performance.now();
  for (let i = 0; i < WARM_UP_RUNS || performance.now() - start < WARM_UP_MS; i++) await timeRun(contestant);
}

async function round(contestant: Contestant): Promise<number[]> {
  await timeRun(contestant);
  const times: number[] = [];
  for (let i = 0; i < RUNS_PER_ROUND; i++) times.push(await timeRun(contestant));
  return times;
}

export async function openLatencyBench(options: LatencyOptions = {}): Promise<LatencyBench> {
  const { threads = 1, seed = 0, precision = 0.01, minRounds = 7, maxRounds = 30 } = options;
  const anchor = await open(anchorModel(), [1, 1, ANCHOR_SIZE, ANCHOR_SIZE], threads, random(seed, "anchor-input"));
  await warmUp(anchor);
  const first: number[] = [];
  for (let i = 0; i < minRounds; i++) first.push(median(await round(anchor)));
  const anchorMs = median(first);
  let measurements = 0;

  return {
    environment: environment(threads),
    anchorMs,
    async measure(models) {
      const draw = random(seed, "rounds", measurements++);
      const contestants: Contestant[] = [];
      try {
        for (const { bytes, dims } of models) contestants.push(await open(bytes, dims, threads, draw));
        for (const contestant of contestants) await warmUp(contestant);
        const anchorRounds: number[] = [];
        const rounds: number[][] = models.map(() => []);
        const runs: number[][] = models.map(() => []);
        const fastest = models.map(() => Infinity);
        const narrow = (): boolean =>
          rounds.every((medians) => {
            const [low, high] = bootstrapMedian(medians, seed);
            return (high - low) / 2 < precision * median(medians);
          });
        while (anchorRounds.length < minRounds || (anchorRounds.length < maxRounds && !narrow())) {
          const times: number[][] = [];
          let anchorTimes: number[] = [];
          // The anchor stands at a random place of the round, like everyone.
          for (const index of permutation(models.length + 1, draw)) {
            if (index === models.length) anchorTimes = await round(anchor);
            else times[index] = await round(contestants[index]!);
          }
          const anchorRound = median(anchorTimes);
          anchorRounds.push(anchorRound);
          const scale = anchorMs / anchorRound;
          times.forEach((own, i) => {
            rounds[i]!.push(median(own) * scale);
            runs[i]!.push(...own.map((time) => time * scale));
            fastest[i] = Math.min(fastest[i]!, ...own);
          });
        }
        const anchorSpread = (quantile(anchorRounds, 0.9) - quantile(anchorRounds, 0.1)) / median(anchorRounds);
        return models.map(({ name }, i) => ({
          name,
          p50Ms: median(rounds[i]!),
          intervalMs: bootstrapMedian(rounds[i]!, seed),
          p90Ms: quantile(runs[i]!, 0.9),
          minMs: fastest[i]!,
          rounds: anchorRounds.length,
          runs: runs[i]!.length,
          anchorSpread,
        }));
      } finally {
        for (const { session } of contestants) await session.release();
      }
    },
    close: () => anchor.session.release(),
  };
}
