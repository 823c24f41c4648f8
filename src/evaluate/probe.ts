/**
 * A probe: a few inputs, and the logits that onnxruntime on this machine's CPU gives for them. A device that gives others computes another
 * function than the one that was judged, so its latency is of no use.
 */
import { UserError } from "../base/user-error.js";
import { localTarget } from "../target/local.js";
import { withModel, type LoadedModel } from "../target/target.js";

/** Inputs of a model. */
export interface ProbeInput {
  /** [images, channels, height, width] */
  readonly input: Float32Array;
  /** Its shape. */
  readonly dims: readonly number[];
  /** Images of a run where the file's batch is fixed; otherwise one run takes them all. */
  readonly batch?: number | undefined;
}

/** Inputs of a model, and what it must give for them. */
export interface Probe extends ProbeInput {
  /** [images × classes], row by row. */
  readonly logits: Float32Array;
  /** By how much a logit may differ. */
  readonly tolerance: number;
}

/** How a device computes a probe. */
export interface Numerics {
  /** Largest |difference| of its logits. */
  readonly maxDifference: number;
  /** What that may be. */
  readonly tolerance: number;
}

/**
 * A file's probe by this machine's CPU.
 * @param toleranceOf by how much a logit may differ where the largest |logit| is this
 * @throws UserError `runtime/model`
 */
export async function probeOf(
  bytes: Uint8Array,
  inputs: ProbeInput,
  toleranceOf: (maxLogit: number) => number,
): Promise<Probe> {
  const here = localTarget({ profiles: false });
  const logits = await withModel(here, bytes, (model) => logitsOf(model, inputs));
  const maxLogit = logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { ...inputs, logits, tolerance: toleranceOf(maxLogit) };
}

/** How the device that a model is loaded on computes its probe. Logits that are missing or no numbers differ by Infinity. */
export async function numericsOf(model: LoadedModel, probe: Probe): Promise<Numerics> {
  const { logits, tolerance } = probe;
  const found = await logitsOf(model, probe);
  const differences = logits.map((value, i) => Math.abs(value - (found[i] ?? NaN)));
  const isWhole = found.length === logits.length && differences.every(Number.isFinite);
  return { maxDifference: isWhole ? differences.reduce((most, by) => Math.max(most, by), 0) : Infinity, tolerance };
}

/** Whether a device computes the same, as far as the probe tells. */
export const agrees = ({ maxDifference, tolerance }: Numerics): boolean => maxDifference <= tolerance;

/**
 * What is to happen where a device computes a probe otherwise: `refused`, or `noted` in the result. Logits that are no numbers are always refused.
 */
export type Differences = "refused" | "noted";

/**
 * @param target the device's name
 * @param name the model's
 * @throws UserError `target/numerics`
 */
export function checkNumerics(numerics: Numerics, target: string, name: string, differences: Differences): void {
  const { maxDifference, tolerance } = numerics;
  if (agrees(numerics) || (differences === "noted" && Number.isFinite(maxDifference))) return;
  const by = Number.isFinite(maxDifference) ? `off by ${maxDifference.toExponential(1)}` : "without a number for each";
  throw new UserError("target/numerics", {
    at: `target ${target}`,
    got: `${by} in the logits of ${name}`,
    want: `at most ${tolerance.toExponential(1)}, as on this machine's CPU`,
    fix: "Its runtime computes something else: try another provider, precision or version there, or allow the difference.",
  });
}

/** The logits of all images. A fixed batch is filled up with images of the probe. */
async function logitsOf(model: LoadedModel, { input, dims, batch }: ProbeInput): Promise<Float32Array> {
  const [count = 0, ...shape] = dims;
  const each = input.length / count;
  const size = batch ?? count;
  const rows: Float32Array[] = [];
  for (let from = 0; from < count; from += size) {
    const filled = new Float32Array(size * each);
    for (let i = 0; i < size; i++) {
      const image = (from + i) % count;
      filled.set(input.subarray(image * each, (image + 1) * each), i * each);
    }
    const { outputs } = await model.run(filled, [size, ...shape]);
    const logits = outputs.get("logits") ?? new Float32Array();
    rows.push(logits.subarray(0, (logits.length / size) * Math.min(size, count - from)));
  }
  return Float32Array.from(rows.flatMap((row) => [...row]));
}
