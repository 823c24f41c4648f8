/** A session of the latency protocol: models and the anchor, timed together in rounds (docs/latency-protocol.md). */
import type { Start, Target } from "../target/target.js";
import { anchor } from "./anchor.js";
import { naming } from "./naming.js";
import { checkNumerics, numericsOf, type Differences, type Numerics, type Probe } from "./probe.js";
import type { Round, Session } from "./rounds.js";
import { inputsOf, untilCompiled, warmUp, type Visit } from "./warm-up.js";

/** A model to time. */
export interface Timed {
  readonly name: string;
  /** The .onnx file. */
  readonly bytes: Uint8Array;
  /** Shape of its input: [batch, channels, height, width]. */
  readonly dims: readonly number[];
  /** What the target must compute, unless it gives times alone. */
  readonly probe?: Probe | undefined;
}

/** Keeps a session finite on a target whose clock never moves. */
const MAX_ROUNDS_OF_LOAD = 2000;
/** Timed runs of a model in a round, after one that refills the caches and is not counted. */
const RUNS_PER_ROUND = 5;
/** A program takes seconds for what a loaded model does in milliseconds. */
const PROGRAM_ROUNDS = { atLeast: 5, atMost: 100 };

/** How long a session is, and what it allows. */
export interface Length {
  readonly loads: number;
  /** Time of one load, loading and warming up included. */
  readonly loadMs: number;
  /** Time after which the anchor's runs that let JavaScript be compiled end, however many they were. */
  readonly compileMs: number;
  /** Rounds of a load, whatever they take. */
  readonly minRounds: number;
  readonly differences: Differences;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Times models and the anchor in rounds.
 * @param seed of inputs and orders
 * @throws UserError `target/numerics` where the target computes a model's probe otherwise, soon after the session's begin
 */
export async function sessionOf(
  target: Target,
  models: readonly Timed[],
  length: Length,
  seed: string,
): Promise<Session> {
  const names = models.map(({ name }) => name);
  const timed = [...models, anchor()];
  const inputs = inputsOf(
    timed.map(({ dims }) => dims),
    seed,
  );
  const began = target.nowMs;
  const measured = await (target.loadsEachVisit ? byPrograms : byLoads)(target, timed, inputs, length, seed);
  return { names, seconds: (target.nowMs - began) / 1000, ...measured };
}

type Measured = Pick<Session, "starts" | "rounds" | "numerics" | "byProgram">;
type Model = Pick<Timed, "bytes" | "dims"> & Partial<Timed>;

/** The models are loaded afresh again and again, warmed up, and visited in many rounds. */
async function byLoads(
  target: Target,
  timed: readonly Model[],
  inputs: readonly Float32Array[],
  { loads, loadMs, compileMs, minRounds, differences, signal }: Length,
  seed: string,
): Promise<Measured> {
  const began = target.nowMs;
  const rounds: Round[] = [];
  const numerics: (Numerics | undefined)[] = [];
  const starts: Start[][] = timed.map(() => []);
  for (let load = 0; load < loads; load++) {
    const visits: Visit[] = [];
    try {
      for (const [i, { name, bytes, dims }] of timed.entries()) {
        const model = await naming(name, target.load(bytes));
        visits.push({ model, dims, input: Float32Array.from(inputs[i]!) });
      }
      for (const [i, visit] of visits.entries()) {
        const firstMs = await naming(timed[i]!.name, warmUp(target, visit, load === 0));
        starts[i]!.push({ loadMs: visit.model.loadMs, firstMs });
      }
      if (load === 0) await untilCompiled(target, visits.at(-1)!, began + compileMs);
      const sinceMs = target.nowMs - began;
      const stretch = {
        ...{ visits, runs: 1 + RUNS_PER_ROUND, seed: `${seed} ${load}`, signal },
        ...{ forMs: (load + 1) * loadMs - sinceMs, atLeast: minRounds, atMost: MAX_ROUNDS_OF_LOAD },
      };
      for (const { atMs, times } of await target.rounds(stretch)) rounds.push({ load, atMs: sinceMs + atMs, times });
      if (load > 0 || target.timesAlone) continue;
      // After the first load's rounds: a run of another batch before them would move what they use in memory.
      for (const [i, { name = "anchor", probe }] of timed.entries()) {
        numerics[i] = probe && (await numericsOf(visits[i]!.model, probe));
        if (numerics[i]) checkNumerics(numerics[i], target.name, name, differences);
      }
    } finally {
      for (const { model } of visits) await model.release();
    }
  }
  return { starts, rounds, numerics };
}

/** Every visit is a program that loads the model, warms it up and ends: a round is a load. */
async function byPrograms(
  target: Target,
  timed: readonly Model[],
  inputs: readonly Float32Array[],
  { loads, loadMs, signal }: Length,
  seed: string,
): Promise<Measured> {
  const visits: Visit[] = [];
  try {
    for (const [i, { name, bytes, dims }] of timed.entries()) {
      visits.push({ model: await naming(name, target.load(bytes)), dims, input: inputs[i]! });
    }
    const atLeast = loads === 1 ? 1 : PROGRAM_ROUNDS.atLeast;
    const rounds = await target.rounds({
      ...{ visits, runs: 1 + RUNS_PER_ROUND, seed, signal },
      ...{ forMs: loads * loadMs, atLeast, atMost: PROGRAM_ROUNDS.atMost },
    });
    const starts = timed.map((_, i) => rounds.flatMap((round) => round.starts?.[i] ?? []));
    return { starts, rounds: rounds.map(({ atMs, times }, load) => ({ load, atMs, times })), byProgram: true };
  } finally {
    for (const { model } of visits) await model.release();
  }
}
