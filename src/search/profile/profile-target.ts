/** Profiles a target: times a few dozen untrained children of a space there, fits what kinds of layer cost, and keeps it as a file. */
import { checkPlace } from "../../base/check-place.js";
import { untrainedCompiler } from "../../compile/untrained-child.js";
import { defaultSeconds, openLatencyBench } from "../../evaluate/latency.js";
import type { Timed } from "../../evaluate/session.js";
import { idOf, type Architecture, type SearchSpace } from "../../space/space.js";
import { buildSupernet } from "../../supernet/supernet.js";
import { describeEnvironment } from "../../target/environment.js";
import { withTarget } from "../../target/local.js";
import type { Target } from "../../target/target.js";
import { fitLatencyModel } from "../latency-model.js";
import { planOf } from "../plan.js";
import { fitCosts, predictBy } from "./cost-model.js";
import { designOf } from "./design.js";
import { fitErrors } from "./fit-errors.js";
import { layerKinds } from "./layer-costs.js";
import { measureChildren } from "./measure-children.js";
import { sealedProfileOf, writeLatencyProfile, type LatencyProfile } from "./profile-file.js";

/** What is profiled, and how long. */
export interface ProfileOptions {
  /** This machine by default. */
  readonly target?: Target;
  /** Children that costs are fitted to, 40 by default; half as many more are held out, to tell the errors. A small space has fewer. */
  readonly children?: number;
  /** How long children are timed, in seconds by the target's clock; 120 by default. Each is timed three times at least. */
  readonly seconds?: number;
  /** It decides the children and the order in which they are timed; 0 by default. */
  readonly seed?: number;
  /** Where the profile is written; nowhere by default. */
  readonly out?: string;
  /** Ends it with its reason, before the next round. */
  readonly signal?: AbortSignal;
  /** Called after each session with the passes done and the seconds over. */
  readonly onSession?: (passes: number, seconds: number) => void;
}

export const defaultChildren = 40;
export const defaultProfileSeconds = 120;

/**
 * Profiles a target with a space's children, untrained: latency doesn't depend on what weights were trained to.
 * @throws UserError `search/profile-space` where the space has too few children, `search/profile-clock`, `target/…`, `runtime/model`, `file/write` before anything is timed
 */
export function profileTarget(space: SearchSpace, options: ProfileOptions = {}): Promise<LatencyProfile> {
  return withTarget(options.target, (target) => profileOn(target, space, options));
}

async function profileOn(target: Target, space: SearchSpace, options: ProfileOptions): Promise<LatencyProfile> {
  const { children = defaultChildren, seconds = defaultProfileSeconds, seed = 0, out, signal, onSession } = options;
  if (out !== undefined) await checkPlace(out);
  const supernet = buildSupernet(space);
  const { fitted, heldOut } = designOf(space, (architecture) => planOf(supernet, architecture).layers, {
    children,
    seed,
  });
  const architectures = [...fitted, ...heldOut];
  const compile = untrainedCompiler(supernet);
  const ready = (architecture: Architecture) => async (): Promise<Timed> => ({
    name: idOf(space, architecture),
    bytes: await compile(architecture),
    dims: [1, space.channels, architecture.resolution, architecture.resolution],
  });
  const bench = await openLatencyBench(target, { seed, seconds: Math.min(seconds, defaultSeconds), signal });
  const measured = await measureChildren(bench, architectures.map(ready), {
    ...{ seconds, seed, signal, onSession },
    nowMs: () => target.nowMs,
  });
  const known = architectures.map((architecture, i) => {
    const { work, layers } = planOf(supernet, architecture);
    return { id: idOf(space, architecture), work, layers, latencyMs: measured.latenciesMs[i]! };
  });
  const toFit = known.slice(0, fitted.length);
  const { costs, penalty, leftOutError } = fitCosts(toFit);
  const linear = fitLatencyModel(toFit);
  const unseen = known.slice(fitted.length);
  const profile = sealedProfileOf({
    format: 1,
    layerKinds,
    target: target.name,
    device: describeEnvironment(bench.environment),
    environment: { ...bench.environment },
    date: new Date().toISOString(),
    ...{ space: space.name, spaceHash: space.hash, seed },
    ...{ seconds: measured.seconds, passes: measured.passes, noise: measured.noise },
    ...{ costs, penalty, leftOutError },
    errors: fitErrors(unseen.map((child) => ({ ...child, predictedMs: predictBy(costs, child) }))),
    linearErrors: fitErrors(unseen.map((child) => ({ ...child, predictedMs: linear.predict(child) }))),
    children: known.map((child, i) => ({
      id: child.id,
      use: i < fitted.length ? ("fitted" as const) : ("held out" as const),
      latencyMs: child.latencyMs,
      predictedMs: predictBy(costs, child),
    })),
  });
  if (out !== undefined) await writeLatencyProfile(out, profile);
  return profile;
}
