/** What a program does around a model, whatever runs it: batches, the classes in order, and the certificate's probe. It needs no library. */
import { normalized, type Preprocessing } from "./pixels.js";

/** What programs read of a certificate. */
export interface Certificate {
  readonly sha256: string;
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly inputs: { readonly pixel_values: readonly (string | number)[] };
}

/** `probe.json`: images of bytes in base64, [images, height, width, channels], and what the file gives for them. */
export interface Probe {
  readonly shape: readonly [images: number, height: number, width: number, channels: number];
  readonly pixels: string;
  readonly logits: readonly (readonly number[])[];
  readonly tolerance: number;
}

/** Runs the model once: from `pixel_values` of these sizes to `logits`. */
export type Run = (values: Float32Array, dims: readonly number[]) => Promise<Float32Array>;

/**
 * @param values [images, channels, height, width]
 * @returns the classes' logits of each image, whatever batch the file has
 */
export async function logitsOf(
  run: Run,
  { inputs }: Certificate,
  values: Float32Array,
  images: number,
): Promise<Float32Array[]> {
  const [fixed, ...size] = inputs.pixel_values;
  const batch = typeof fixed === "number" ? fixed : images;
  const each = values.length / images;
  const rows: Float32Array[] = [];
  for (let start = 0; start < images; start += batch) {
    const part = new Float32Array(batch * each);
    part.set(values.subarray(start * each, Math.min(images, start + batch) * each));
    const data = await run(part, [batch, ...size.map(Number)]);
    const classes = data.length / batch;
    for (let i = 0; i < Math.min(batch, images - start); i++) rows.push(data.slice(i * classes, (i + 1) * classes));
  }
  return rows;
}

/** A class and its share of 1. */
export interface Answer {
  readonly label: string;
  readonly probability: number;
}

/** The most probable classes, by softmax. */
export function topClasses(logits: Float32Array, labels: readonly string[], top = 5): Answer[] {
  const most = Math.max(...logits);
  const shares = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares
    .map((share, i) => ({ label: labels[i]!, probability: share / sum }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}

/**
 * How far what is computed here is from what is certified.
 * @param pixels those of the probe, decoded
 * @returns the largest difference of logits
 */
export async function probeDifference(
  run: Run,
  certificate: Certificate,
  probe: Probe,
  pixels: Uint8Array,
): Promise<number> {
  const [images] = probe.shape;
  const values = normalized(pixels, images, certificate.preprocessing);
  const found = await logitsOf(run, certificate, values, images);
  return Math.max(...found.flatMap((row, i) => Array.from(row, (logit, k) => Math.abs(logit - probe.logits[i]![k]!))));
}
