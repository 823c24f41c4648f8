/**
 * Latency by one protocol on any target (docs/latency-protocol.md): warm-up, rounds that visit every model in fresh random order, an
 * anchor model in every round, and an end as soon as every interval is narrow enough.
 */
import { permutation, random, type Random } from "../base/random.js";
import type { Environment } from "../target/environment.js";
import { withTarget } from "../target/local.js";
import type { LoadedModel, Target } from "../target/target.js";
import { anchor } from "./anchor.js";
import { collectRounds, type Latency } from "./rounds.js";
import { median } from "./statistics.js";

/** A model to time. */
export interface Timed {
  readonly name: string;
  /** The .onnx file. */
  readonly bytes: Uint8Array;
  /** Shape of its input: [batch, channels, height, width]. */
  readonly dims: readonly number[];
}

/** How long models are timed, and how precisely. */
export interface LatencyOptions {
  /** Seed of inputs, orders and intervals; 0 by default. */
  readonly seed?: number;
  /** Stop when the interval's half width is below this share of the median; 0.01 by default. */
  readonly precision?: number;
  /** 7 by default. */
  readonly minRounds?: number;
  /** 30 by default. */
  readonly maxRounds?: number;
}

/** Times models on one target by the protocol of docs/latency-protocol.md. */
export interface LatencyBench {
  /** Name of the target. */
  readonly target: string;
  /** The target's, when the bench was opened. */
  readonly environment: Environment;
  /** The anchor's own median in ms when the bench was opened. */
  readonly anchorMs: number;
  /** Times models together, in interleaved rounds. */
  measure(models: readonly Timed[]): Promise<Latency[]>;
  /** Releases the anchor; the target stays open. */
  close(): Promise<void>;
}

/** Defaults of `LatencyOptions`. */
const PRECISION = 0.01;
const MIN_ROUNDS = 7;
const MAX_ROUNDS = 30;
const WARM_UP_RUNS = 10;
const WARM_UP_MS = 100;
/** Timed runs of a model in a round, after one that refills the caches and is not counted. */
const RUNS_PER_ROUND = 10;

interface Contestant {
  readonly model: LoadedModel;
  readonly dims: readonly number[];
  readonly input: Float32Array;
}

async function load(target: Target, { bytes, dims }: Omit<Timed, "name">, draw: Random): Promise<Contestant> {
  const model = await target.load(bytes);
  // Normally distributed: zeros and denormals run at other speeds than images.
  const input = Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, () => draw.normal());
  return { model, dims, input };
}

async function warmUp({ model, input, dims }: Contestant): Promise<void> {
  let totalMs = 0;
  for (let run = 0; run < WARM_UP_RUNS || totalMs < WARM_UP_MS; run++) {
    const [ms] = await model.time(input, dims, 1);
    totalMs += ms!;
  }
}

async function timesOfRound({ model, input, dims }: Contestant): Promise<number[]> {
  const [, ...times] = await model.time(input, dims, 1 + RUNS_PER_ROUND);
  return times;
}

async function openAnchor(
  target: Target,
  seed: number,
  rounds: number,
): Promise<{ contestant: Contestant; anchorMs: number }> {
  const contestant = await load(target, anchor(), random(seed, "anchor-input"));
  try {
    await warmUp(contestant);
    const medians: number[] = [];
    for (let i = 0; i < rounds; i++) medians.push(median(await timesOfRound(contestant)));
    return { contestant, anchorMs: median(medians) };
  } catch (error) {
    await contestant.model.release();
    throw error;
  }
}

/** A session of the protocol on a target: its anchor is timed first, and all that is measured refers to it. */
export async function openLatencyBench(target: Target, options: LatencyOptions = {}): Promise<LatencyBench> {
  const { seed = 0, precision = PRECISION, minRounds = MIN_ROUNDS, maxRounds = MAX_ROUNDS } = options;
  const environment = await target.environment();
  const { contestant: anchorContestant, anchorMs } = await openAnchor(target, seed, minRounds);
  let measurements = 0;
  return {
    target: target.name,
    environment,
    anchorMs,
    async measure(models) {
      const draw = random(seed, "rounds", measurements++);
      const contestants: Contestant[] = [];
      try {
        for (const model of models) contestants.push(await load(target, model, draw));
        for (const contestant of contestants) await warmUp(contestant);
        const names = models.map(({ name }) => name);
        const rounds = collectRounds(names, anchorMs, seed);
        while (rounds.count < minRounds || (rounds.count < maxRounds && !rounds.isNarrow(precision))) {
          const times: number[][] = [];
          // The anchor is last of the list, and at a random place of the round like every model.
          for (const index of permutation(models.length + 1, draw)) {
            times[index] = await timesOfRound(contestants[index] ?? anchorContestant);
          }
          rounds.add(times.pop()!, times);
        }
        return rounds.latencies();
      } finally {
        for (const { model } of contestants) await model.release();
      }
    },
    close: () => anchorContestant.model.release(),
  };
}

/** Opens a bench on a target, this machine by default, hands it over, and closes what it opened whatever happens. */
export function withLatencyBench<T>(
  target: Target | undefined,
  options: LatencyOptions,
  use: (bench: LatencyBench) => Promise<T>,
): Promise<T> {
  return withTarget(target, async (device) => {
    const bench = await openLatencyBench(device, options);
    try {
      return await use(bench);
    } finally {
      await bench.close();
    }
  });
}
