/** A child's probe: a few test images, drawn by a seed, as its certificate carries them. Whoever has file and certificate can compute it. */
import { permutation, random } from "../base/random.js";
import type { CompiledChild } from "../compile/compile-child.js";
import { preprocessingOf } from "../compile/metadata.js";
import { toleranceOf, type PrecisionName } from "../compile/precisions.js";
import { toChannelsFirst } from "../data/make-batch.js";
import { normalize, type Preprocessing } from "../data/preprocessing.js";
import { probeOf, type Probe, type ProbeInput } from "../evaluate/probe.js";
import type { Timed } from "../evaluate/session.js";
import type { Run } from "../run/run.js";
import type { Certificate } from "./certificate.js";

/** A probe as a certificate carries it. */
export type CertifiedProbe = NonNullable<Certificate["probe"]>;

const MOST_IMAGES = 4;
/** A certificate stays small: of large images it has one. */
const MOST_BYTES = 2 ** 16;

/** The test images of a seed's probe: `bytes` is the size of one. */
export function probeImages(seed: number, testImages: number, bytes: number): number[] {
  const count = Math.max(1, Math.min(MOST_IMAGES, Math.floor(MOST_BYTES / bytes)));
  return [...permutation(testImages, random(seed, "probe")).slice(0, count)];
}

/** Their pixels, as the file takes them before scale and mean: [images, height, width, channels]. */
export const probePixels = (
  { data }: Pick<Run, "data">,
  images: readonly number[],
  side: number,
): Promise<Uint8Array> => data.test.read(images, side, data.evaluation);

/** What a child's certificate says of its probe, and the same for a target to compute. */
export async function probeOfChild(
  run: Run,
  bytes: Uint8Array,
  { preprocessing, precision, batch }: OfFile,
): Promise<{ readonly certified: CertifiedProbe; readonly probe: Probe }> {
  const { channels, crop_size } = preprocessing;
  const side = crop_size.height;
  const { seed } = run.description;
  const images = probeImages(seed, run.data.test.count, side * side * channels);
  const pixels = await probePixels(run, images, side);
  const inputs = inputsOf(pixels, images.length, preprocessing, batch);
  const probe = await probeOf(bytes, inputs, (maxLogit) => toleranceOf(precision, maxLogit));
  const classes = probe.logits.length / images.length;
  const logits = images.map((_, i) => [...probe.logits.subarray(i * classes, (i + 1) * classes)]);
  return { certified: { seed, images, pixels: Buffer.from(pixels).toString("base64"), logits }, probe };
}

/** A compiled child as targets time it, with the probe of its certificate. */
export async function probedChild(
  run: Run,
  { id, bytes, architecture, provenance: { precision } }: CompiledChild,
  staticBatch?: number,
): Promise<{ readonly certified: CertifiedProbe; readonly timed: Timed }> {
  const { resolution } = architecture;
  const of = { preprocessing: preprocessingOf(run, architecture), precision, batch: staticBatch };
  const { certified, probe } = await probeOfChild(run, bytes, of);
  const dims = [staticBatch ?? 1, run.data.train.channels, resolution, resolution];
  return { certified, timed: { name: id, bytes, dims, probe } };
}

/** The probe that a certificate carries; undefined where it was written without one. */
export function certifiedProbe({ probe, preprocessing, precision, inputs }: Certificate): Probe | undefined {
  if (!probe) return undefined;
  const [batch] = inputs.pixel_values;
  const pixels = Buffer.from(probe.pixels, "base64");
  const logits = Float32Array.from(probe.logits.flat());
  const maxLogit = logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return {
    ...inputsOf(pixels, probe.images.length, preprocessing, typeof batch === "number" ? batch : undefined),
    logits,
    tolerance: toleranceOf(precision, maxLogit),
  };
}

/** Whether a certified probe has pixels and logits for each of its images. */
export function isWholeProbe(
  { images, pixels, logits }: CertifiedProbe,
  { preprocessing, labels }: Certificate,
): boolean {
  const { channels, crop_size } = preprocessing;
  const bytes = images.length * crop_size.height * crop_size.width * channels;
  const isOfClasses = logits.length === images.length && logits.every((row) => row.length === labels.length);
  return isOfClasses && Buffer.from(pixels, "base64").length === bytes;
}

interface OfFile {
  readonly preprocessing: Preprocessing;
  readonly precision: PrecisionName;
  /** Images of a run, where the file fixes them. */
  readonly batch: number | undefined;
}

function inputsOf(pixels: Uint8Array, count: number, preprocessing: Preprocessing, batch?: number): ProbeInput {
  const { channels, crop_size, image_mean: mean, image_std: std } = preprocessing;
  const input = toChannelsFirst(normalize(pixels, { mean, std }), count, channels);
  return { input, dims: [count, channels, crop_size.height, crop_size.width], batch };
}
