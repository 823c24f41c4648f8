/**
 * Latency by one protocol on any target (docs/latency-protocol.md): short rounds that visit every model and an anchor in fresh random
 * order, for a whole session, in which the models are loaded afresh again and again. A screening is one short load.
 */
import type { Environment } from "../target/environment.js";
import type { Placement } from "../target/placement.js";
import { withTarget } from "../target/local.js";
import { withModel, type Target } from "../target/target.js";
import { deviceOf, keepSession, profilePath, readProfile, unexplainedBy } from "./anchor-profile.js";
import { checkNumerics, numericsOf, type Differences, type Numerics } from "./probe.js";
import { anchorOf, latenciesOf, type Latency, type Session } from "./rounds.js";
import { sessionOf, type Length, type Timed } from "./session.js";
import { ENOUGH_ROUNDS } from "./undisturbed.js";

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
  /** Where the target computes a model's probe otherwise: refused by default, or noted in its latency. */
  readonly differences?: Differences | undefined;
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
   * @throws UserError `target/numerics` where the target computes a model's probe otherwise, unless differences are only noted
   */
  measure(models: readonly Timed[], effort?: Effort): Promise<Latency[]>;
  /**
   * Computes a model's probe, without timing it.
   * @returns undefined where it has none, or the target gives times alone
   * @throws UserError `target/numerics`, as `measure`
   */
  compute(model: Timed): Promise<Numerics | undefined>;
}

/** Default of `LatencyOptions`, and what it should be at least. */
export const defaultSeconds = 25;
/** Loads of a session: each puts the models elsewhere in memory, as another process would. */
const LOADS = 12;
const SCREEN_ROUNDS = 15;
/** A shorter session doesn't go into the machine's profile. */
const KEPT_SECONDS = 2;
/** Opens a bench on a target. It holds no model between measurements. */
export async function openLatencyBench(target: Target, options: LatencyOptions = {}): Promise<LatencyBench> {
  const { seed = 0, seconds = defaultSeconds, differences = "refused", signal, onSession } = options;
  /** Every measurement draws other orders, so that no order repeats the same advantage. */
  let measurements = 0;
  const session = (models: readonly Timed[], length: Omit<Length, "differences">): Promise<Session> =>
    sessionOf(target, models, { ...length, differences, signal }, `${seed} ${measurements++}`);
  const screen = (models: readonly Timed[], loadMs = 0): Promise<Session> =>
    session(models, { loads: 1, loadMs, compileMs: loadMs / 2, minRounds: SCREEN_ROUNDS });
  const environment = await target.environment();
  const device = deviceOf(target.name, environment);
  const { profiles } = target;
  let profile = profiles === undefined ? undefined : await readProfile(profilePath(profiles, device));
  let anchorMs: number | undefined;
  let fastestMs = profile?.referenceMs ?? Infinity;
  const measured = (timed: Session): Session => {
    fastestMs = Math.min(fastestMs, anchorOf(timed));
    return timed;
  };
  /** In few rounds the anchor tells of JavaScript that isn't compiled yet, more than of the machine; at 0 ms, of a clock too coarse. */
  const tells = (known: Session): boolean => known.rounds.length >= ENOUGH_ROUNDS && anchorOf(known) > 0;
  const keep = async (known: Session): Promise<void> => {
    if (profiles === undefined || known.seconds < KEPT_SECONDS || !tells(known)) return;
    profile = await keepSession(profiles, device, anchorOf(known), new Date());
  };
  const placementsOf = async (models: readonly Timed[]): Promise<(Placement | undefined)[]> => {
    const found: (Placement | undefined)[] = [];
    for (const { bytes, dims } of models) found.push(await target.placementOf?.(bytes, dims));
    return found;
  };
  return {
    target: target.name,
    environment,
    async compute({ name, bytes, probe }) {
      if (!probe || target.timesAlone) return undefined;
      const numerics = await withModel(target, bytes, (model) => numericsOf(model, probe));
      checkNumerics(numerics, target.name, name, differences);
      return numerics;
    },
    async measure(models, effort = "decide") {
      if (effort === "screen") {
        // What screenings refer to on a machine that isn't known: the anchor alone, for a tenth of a session.
        if (anchorMs === undefined) {
          const alone = measured(await screen([], 100 * seconds));
          if (!profile) await keep(alone);
          anchorMs = profile?.referenceMs ?? anchorOf(alone);
        }
        const reference = { referenceMs: anchorMs, sessions: profile?.sessions.length ?? 0 };
        return latenciesOf(measured(await screen(models)), seed, reference);
      }
      const loadMs = (1000 * seconds) / LOADS;
      const { state: before } = await target.environment();
      const timed = await session(models, { loads: LOADS, loadMs, compileMs: 2 * loadMs, minRounds: 1 });
      const { state: after } = await target.environment();
      const placements = await placementsOf(models);
      const decided = measured({ ...timed, placements, ...(before && after && { state: { before, after } }) });
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
