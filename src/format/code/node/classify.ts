/** Classifies pictures: node classify.js photo.jpg [more.png] */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { opaqueGif, paintAround } from "../../../data/pictures/gif.js";
import { orientationOf, turns } from "../../../data/pictures/orientation.js";
import { logitsOf, topClasses, type Answer, type Certificate, type Run } from "../classifier.js";
import { pixelValues } from "../pixels.js";

// onnxruntime counts its use and tells its maker unless this is set before it is loaded.
process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
const { InferenceSession, Tensor } = await import("onnxruntime-node");

export const fileHere = (name: string): URL => new URL(name, import.meta.url);
export const certificate = JSON.parse(readFileSync(fileHere("model.json"), "utf8")) as Certificate;
const session = await InferenceSession.create(readFileSync(fileHere("model.onnx")));

export const run: Run = async (values, dims) => {
  const { logits } = await session.run({ pixel_values: new Tensor("float32", values, dims) });
  return logits!.data as Float32Array;
};

/**
 * The most probable classes.
 * @param picture path or bytes of a picture
 */
export async function classify(picture: string | Uint8Array, top = 5): Promise<Answer[]> {
  const bytes = typeof picture === "string" ? readFileSync(picture) : picture;
  const metadata = await sharp(bytes, { ignoreIcc: true }).metadata();
  const gif = metadata.format === "gif" ? opaqueGif(bytes) : undefined;
  const upright = sharp(gif?.bytes ?? bytes, { ignoreIcc: true });
  const { mirror, degrees } = turns[orientationOf(bytes, metadata)];
  if (mirror) upright.flop();
  if (degrees > 0) upright.rotate(degrees);
  const isCmyk = metadata.space === "cmyk";
  if (isCmyk) upright.pipelineColourspace("cmyk").toColourspace("cmyk");
  const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true });
  if (gif) paintAround(data, info, gif);
  const values = pixelValues({ ...info, data, isCmyk }, certificate.preprocessing);
  const [row] = await logitsOf(run, certificate, values, 1);
  return topClasses(row!, certificate.labels, top);
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
