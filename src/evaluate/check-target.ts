/** Whether a target does what nestling needs of it, tried with the anchor: a device is checked before long work relies on it. */
import { random } from "../base/random.js";
import { UserError } from "../base/user-error.js";
import type { Environment } from "../target/environment.js";
import { localTarget } from "../target/local.js";
import { withModel, type Target } from "../target/target.js";
import { anchor } from "./anchor.js";
import { openLatencyBench } from "./latency.js";
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
  if (target.loadsEachVisit) return found;
  const here = localTarget({ profiles: false });
  try {
    const [there, own] = [await logitsOn(target), await logitsOn(here)];
    const difference = Math.max(...own.map((value, i) => Math.abs(value - there[i]!)));
    if (difference <= TOLERANCE) return { ...found, difference };
    throw new UserError("target/numerics", {
      at: `target ${target.name}`,
      got: `off by ${difference.toExponential(1)} in the anchor's logits`,
      want: `at most ${TOLERANCE}`,
      fix: "Its runtime computes something else: try another provider or version there.",
    });
  } finally {
    await here.close();
  }
}

async function logitsOn(target: Target): Promise<Float32Array> {
  const { bytes, dims } = anchor();
  const draw = random("check");
  const input = Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, () => draw.normal());
  const { outputs } = await withModel(target, bytes, (model) => model.run(input, dims));
  return outputs.get("logits")!;
}
