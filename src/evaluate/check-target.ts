/** Whether a target does what nestling needs of it, tried with the anchor: a device is checked before long work relies on it. */
import { random } from "../base/random.js";
import type { Environment } from "../target/environment.js";
import { withModel, type Target } from "../target/target.js";
import { anchor } from "./anchor.js";
import { openLatencyBench } from "./latency.js";
import { checkNumerics, numericsOf, probeOf, type Numerics } from "./probe.js";
import type { Latency } from "./rounds.js";

/** What a target answered. */
export interface TargetCheck {
  readonly target: string;
  readonly environment: Environment;
  /** The anchor's latency there. */
  readonly latency: Latency;
  /** Largest |difference| of the anchor's logits there and here; undefined where the target gives times alone. */
  readonly difference?: number;
}

/** What another runtime rounds otherwise, at most: the logits of the anchor are below 2. */
const TOLERANCE = 1e-3;

/**
 * Loads, times and runs the anchor on a target, and compares its outputs with this machine's.
 * @param seconds of the latency session; 3 by default
 * @throws UserError `target/numerics` where the outputs differ, or what the target throws: `target/…`
 */
export async function checkTarget(target: Target, seconds = 3): Promise<TargetCheck> {
  const bench = await openLatencyBench(target, { seconds });
  const [latency] = await bench.measure([{ name: "anchor", ...anchor() }]);
  const found = { target: target.name, environment: bench.environment, latency: latency! };
  if (target.timesAlone) return found;
  const numerics = await anchorNumerics(target);
  checkNumerics(numerics, target.name, "the anchor", "refused");
  return { ...found, difference: numerics.maxDifference };
}

/** How a target computes the anchor, as against this machine: what can be said of it without a model. */
export async function anchorNumerics(target: Target): Promise<Numerics> {
  const { bytes, dims } = anchor();
  const draw = random("check");
  const input = Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, () => draw.normal());
  const probe = await probeOf(bytes, { input, dims }, () => TOLERANCE);
  return withModel(target, bytes, (model) => numericsOf(model, probe));
}
