/** Classifies pictures: node classify.js photo.jpg [more.png] */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { pixelValues, type Preprocessing } from "../pixels.js";

interface Certificate {
  readonly sha256: string;
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly inputs: { readonly pixel_values: readonly (string | number)[] };
}

// onnxruntime counts its use and tells its maker unless this is set before it is loaded.
process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
const { InferenceSession, Tensor } = await import("onnxruntime-node");

export const fileHere = (name: string): URL => new URL(name, import.meta.url);
export const certificate = JSON.parse(readFileSync(fileHere("model.json"), "utf8")) as Certificate;
const session = await InferenceSession.create(readFileSync(fileHere("model.onnx")));

/**
 * @param values [images, channels, height, width]
 * @returns the classes' logits of each image, whatever batch the file has
 */
export async function logits(values: Float32Array, images: number): Promise<Float32Array[]> {
  const [fixed, ...size] = certificate.inputs.pixel_values;
  const batch = typeof fixed === "number" ? fixed : images;
  const each = values.length / images;
  const rows: Float32Array[] = [];
  for (let start = 0; start < images; start += batch) {
    const part = new Float32Array(batch * each);
    part.set(values.subarray(start * each, Math.min(images, start + batch) * each));
    const run = await session.run({ pixel_values: new Tensor("float32", part, [batch, ...size.map(Number)]) });
    const data = run["logits"]!.data as Float32Array;
    const classes = data.length / batch;
    for (let i = 0; i < Math.min(batch, images - start); i++) rows.push(data.slice(i * classes, (i + 1) * classes));
  }
  return rows;
}

/**
 * The most probable classes.
 * @param picture path or bytes of a picture
 */
export async function classify(
  picture: string | Uint8Array,
  top = 5,
): Promise<{ readonly label: string; readonly probability: number }[]> {
  const upright = sharp(picture, { ignoreIcc: true }).autoOrient();
  const isCmyk = (await upright.metadata()).space === "cmyk";
  const samples = isCmyk ? upright.pipelineColourspace("cmyk").toColourspace("cmyk") : upright;
  const { data, info } = await samples.raw().toBuffer({ resolveWithObject: true });
  const [row] = await logits(pixelValues({ ...info, data, isCmyk }, certificate.preprocessing), 1);
  const most = Math.max(...row!);
  const shares = Array.from(row!, (logit) => Math.exp(logit - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares
    .map((share, i) => ({ label: certificate.labels[i]!, probability: share / sum }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const paths = process.argv.slice(2);
  if (paths.length === 0) {
    process.stderr.write("node classify.js photo.jpg [more.png]\n");
    process.exitCode = 2;
  }
  for (const path of paths) {
    const found = (await classify(path)).map(
      ({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`,
    );
    process.stdout.write(`${[path, ...found].join("\t")}\n`);
  }
}
