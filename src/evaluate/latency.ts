/**
 * Latency by one protocol on any target (docs/latency-protocol.md): short rounds that visit every model and an anchor in fresh random
 * order, for a whole session, in which the models are loaded afresh again and again. A screening is one short load.
 */
import { random } from "../base/random.js";
import type { Environment } from "../target/environment.js";
import { withTarget } from "../target/local.js";
import type { Stretch, Target } from "../target/target.js";
import { anchor } from "./anchor.js";
import { deviceOf, keepSession, profilePath, readProfile, unexplainedBy } from "./anchor-profile.js";
import { anchorOf, latenciesOf, type Latency, type Round, type Session, type Start } from "./rounds.js";
import { ENOUGH_ROUNDS } from "./undisturbed.js";

/** A model to time. */
export interface Timed {
  readonly name: string;
  /** The .onnx file. */
  readonly bytes: Uint8Array;
  /** Shape of its input: [batch, channels, height, width]. */
  readonly dims: readonly number[];
}

/**
 * screen: a fraction of a second, to order candidates; its figures refer to the anchor, which is timed once for all screenings of a bench.
 * decide: a whole session, whose figures repeat; it decides what is within a budget and what a certificate says.
 */
export type Effort = "screen" | "decide";

/** How long models are timed. */
export interface LatencyOptions {
  /** Seed of inputs, orders and intervals; 0 by default. */
  readonly seed?: number;
  /** Length of a session that decides, in seconds by the target's clock; 25 by default. Shorter ones repeat worse, and say so. */
  readonly seconds?: number | undefined;
  /** Ends a session before its next round, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each session that decides, as it was measured. */
  readonly onSession?: (session: Session) => void;
}

/** Times models on one target by the protocol of docs/latency-protocol.md. */
export interface LatencyBench {
  /** Name of the target. */
  readonly target: string;
  /** The target's, when the bench was opened. */
  readonly environment: Environment;
  /**
   * Times models together, in interleaved rounds.
   * @param effort `decide` by default
   */
  measure(models: readonly Timed[], effort?: Effort): Promise<Latency[]>;
}

/** Default of `LatencyOptions`, and what it should be at least. */
export const defaultSeconds = 25;
/** Loads of a session: each puts the models elsewhere in memory, as another process would. */
const LOADS = 12;
const SCREEN_ROUNDS = 15;
/** A shorter session doesn't go into the machine's profile. */
const KEPT_SECONDS = 2;
/** Keeps a session finite on a target whose clock never moves. */
const MAX_ROUNDS_OF_LOAD = 2000;
/** Timed runs of a model in a round, after one that refills the caches and is not counted. */
const RUNS_PER_ROUND = 5;
/** A model's first load warms the machine up, too; its time is bounded where runs take none. */
const FIRST_WARM_UP = { runs: 10, ms: 25, atMost: 1000 };
const WARM_UP_RUNS = 3;
/** Until the JavaScript around a run is compiled, each takes 20 µs more. */
const COMPILED_AFTER_RUNS = 3000;

type Visit = Stretch["visits"][number];

/** Opens a bench on a target. It holds no model between measurements. */
export async function openLatencyBench(target: Target, options: LatencyOptions = {}): Promise<LatencyBench> {
  const { seed = 0, seconds = defaultSeconds, signal, onSession } = options;
  /** Every measurement draws other orders, so that no order repeats the same advantage. */
  let measurements = 0;
  const session = (models: readonly Timed[], length: Length): Promise<Session> =>
    sessionOf(target, models, { ...length, signal }, `${seed} ${measurements++}`);
  const screen = (models: readonly Timed[], loadMs = 0): Promise<Session> =>
    session(models, { loads: 1, loadMs, compileMs: loadMs / 2, minRounds: SCREEN_ROUNDS });
  const environment = await target.environment();
  const device = deviceOf(target.name, environment);
  const { profiles } = target;
  let profile = profiles === undefined ? undefined : await readProfile(profilePath(profiles, device));
  let anchorMs: number | undefined;
  let fastestMs = profile?.referenceMs ?? Infinity;
  const measured = async (timed: Promise<Session>): Promise<Session> => {
    fastestMs = Math.min(fastestMs, anchorOf(await timed));
    return timed;
  };
  /** In few rounds the anchor tells of JavaScript that isn't compiled yet, more than of the machine; at 0 ms, of a clock too coarse. */
  const tells = (known: Session): boolean => known.rounds.length >= ENOUGH_ROUNDS && anchorOf(known) > 0;
  const keep = async (known: Session): Promise<void> => {
    if (profiles === undefined || known.seconds < KEPT_SECONDS || !tells(known)) return;
    profile = await keepSession(profiles, device, anchorOf(known), new Date());
  };
  return {
    target: target.name,
    environment,
    async measure(models, effort = "decide") {
      if (effort === "screen") {
        // What screenings refer to on a machine that isn't known: the anchor alone, for a tenth of a session.
        if (anchorMs === undefined) {
          const alone = await measured(screen([], 100 * seconds));
          if (!profile) await keep(alone);
          anchorMs = profile?.referenceMs ?? anchorOf(alone);
        }
        const reference = { referenceMs: anchorMs, sessions: profile?.sessions.length ?? 0 };
        return latenciesOf(await measured(screen(models)), seed, reference);
      }
      const loadMs = (1000 * seconds) / LOADS;
      const decided = await measured(session(models, { loads: LOADS, loadMs, compileMs: 2 * loadMs, minRounds: 1 }));
      onSession?.(decided);
      await keep(decided);
      if (!profile || !tells(decided)) return latenciesOf(decided, seed, { fastestMs });
      return latenciesOf(decided, seed, {
        referenceMs: profile.referenceMs,
        sessions: profile.sessions.length,
        unexplained: unexplainedBy(profile, anchorOf(decided)),
      });
    },
  };
}

/** Opens a bench on a target, this machine by default, hands it over, and closes this machine whatever happens. */
export function withLatencyBench<T>(
  target: Target | undefined,
  options: LatencyOptions,
  use: (bench: LatencyBench) => Promise<T>,
): Promise<T> {
  return withTarget(target, async (device) => use(await openLatencyBench(device, options)));
}

interface Length {
  readonly loads: number;
  /** Time of one load, loading and warming up included. */
  readonly loadMs: number;
  /** Time after which the anchor's runs that let JavaScript be compiled end, however many they were. */
  readonly compileMs: number;
  /** Rounds of a load, whatever they take. */
  readonly minRounds: number;
  readonly signal?: AbortSignal | undefined;
}

async function sessionOf(
  target: Target,
  models: readonly Timed[],
  { loads, loadMs, compileMs, minRounds, signal }: Length,
  seed: string,
): Promise<Session> {
  const names = models.map(({ name }) => name);
  const timed = [...models, anchor()];
  const draw = random("inputs", seed);
  // Normally distributed: zeros and denormals run at other speeds than images.
  const inputs = timed.map(({ dims }) =>
    Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, () => draw.normal()),
  );
  const began = target.nowMs;
  const rounds: Round[] = [];
  const starts: Start[][] = timed.map(() => []);
  for (let load = 0; load < loads; load++) {
    const visits: Visit[] = [];
    try {
      for (const [i, { bytes, dims }] of timed.entries()) {
        visits.push({ model: await target.load(bytes), dims, input: Float32Array.from(inputs[i]!) });
      }
      for (const [i, visit] of visits.entries()) {
        starts[i]!.push({ loadMs: visit.model.loadMs, firstMs: await warmUp(target, visit, load === 0) });
      }
      if (load === 0) await untilCompiled(target, visits.at(-1)!, began + compileMs);
      const sinceMs = target.nowMs - began;
      const stretch = {
        ...{ visits, runs: 1 + RUNS_PER_ROUND, seed: `${seed} ${load}`, signal },
        ...{ forMs: (load + 1) * loadMs - sinceMs, atLeast: minRounds, atMost: MAX_ROUNDS_OF_LOAD },
      };
      for (const { atMs, times } of await target.rounds(stretch)) rounds.push({ load, atMs: sinceMs + atMs, times });
    } finally {
      for (const { model } of visits) await model.release();
    }
  }
  return { names, seconds: (target.nowMs - began) / 1000, starts, rounds };
}

/** @returns ms of the first run */
async function warmUp(target: Target, { model, input, dims }: Visit, isFirst: boolean): Promise<number> {
  const [first] = await model.time(input, dims, isFirst ? FIRST_WARM_UP.runs : WARM_UP_RUNS);
  const until = target.nowMs + (isFirst ? FIRST_WARM_UP.ms : 0);
  for (let run = 0; target.nowMs < until && run < FIRST_WARM_UP.atMost; run++) await model.time(input, dims, 1);
  return first!;
}

async function untilCompiled(target: Target, { model, input, dims }: Visit, untilMs: number): Promise<void> {
  const atOnce = 100;
  for (let run = 0; run < COMPILED_AFTER_RUNS && target.nowMs < untilMs; run += atOnce) {
    await model.time(input, dims, atOnce);
  }
}
