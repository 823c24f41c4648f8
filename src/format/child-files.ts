/** What several formats say of a child in the same words. */
import { jsonText } from "../base/atomic-file.js";
import { milliseconds, millions, percent } from "../base/format.js";
import { certifiedProbe } from "../deploy/child-probe.js";
import type { Certificate } from "../deploy/certificate.js";
import type { FolderFiles, ShippedChild } from "./format.js";

/** Names of the child's file and its certificate where a folder has no rules of its own. `nestling verify model.onnx` finds both. */
export const MODEL = "model.onnx";
export const CERTIFICATE = "model.json";

/** How a picture becomes the input, and the classes in order: in words that other tools know. */
export const inputFiles = (certificate: Certificate): FolderFiles => ({
  "preprocessor_config.json": jsonText(certificate.preprocessing),
  "labels.txt": labelsText(certificate),
});

/** The classes in order, one a line. */
export const labelsText = ({ labels }: Certificate): string => labels.map((label) => `${oneLine(label)}\n`).join("");

/** The certificate's probe as numbers that any program can read: images of bytes, what the file gives for them, and how far that may be off. */
export function probeFiles({ certificate }: ShippedChild): FolderFiles {
  const probe = certifiedProbe(certificate);
  if (!probe || !certificate.probe) return {};
  const { channels, crop_size } = certificate.preprocessing;
  return {
    "probe.json": jsonText({
      shape: [certificate.probe.images.length, crop_size.height, crop_size.width, channels],
      pixels: certificate.probe.pixels,
      logits: certificate.probe.logits,
      tolerance: probe.tolerance,
    }),
  };
}

/** How a README names the model, where it isn't the certified file that is used. */
interface Named {
  readonly sides: string;
  readonly model: string;
  /** Begins the sentence of the certified figures. */
  readonly whose: string;
}

/**
 * A README.
 * @param what one line: what the folder is
 * @param use commands and code, without indentation
 * @param more further sentences
 */
export function readme(
  { name, certificate }: ShippedChild,
  what: string,
  use: string,
  more: readonly string[],
  { sides, model, whose = "" }: Partial<Named> = {},
): string {
  const { accuracy, testImages, macs, latencyMs, target, sha256, inputs } = certificate;
  const facts = [
    `${percent(accuracy)} of ${testImages} test images, ${millions(macs)} MACs`,
    `${milliseconds(latencyMs)} an image on \`${target}\``,
  ];
  return [
    `# ${name}`,
    "",
    `${what} ${whose}${facts.join(", ")}. ${sides ?? `Input \`pixel_values\` [${inputs.pixel_values.join(", ")}], output \`logits\``}.`,
    "",
    ...use.split("\n").map((line) => (line === "" ? "" : `    ${line}`)),
    "",
    ...more,
    `SHA-256 of ${model ?? "the model"}: ${sha256}. \`nestling verify\` on this folder checks every file.`,
    "",
  ].join("\n");
}

/** A label with a line break would be two: all that Python's `splitlines` takes for one counts. */
export const oneLine = (label: string): string =>
  // eslint-disable-next-line no-control-regex
  label.replaceAll(/[\n-\r\x1c-\x1e\x85\u2028\u2029]+/g, " ");

/** How a picture becomes the input, in a sentence. */
export function preprocessingSentence({ preprocessing }: Certificate): string {
  const { size, crop_size, color_mode, resample, image_mean, image_std } = preprocessing;
  const kernel = resample === 3 ? "bicubic" : "bilinear";
  return `Pictures: turned upright by EXIF, ${color_mode}, shorter side to ${size.shortest_edge} (antialiased ${kernel}, as Pillow), the middle ${crop_size.width} × ${crop_size.height}, (value / 255 − [${image_mean.join(", ")}]) / [${image_std.join(", ")}], channels first: \`preprocessor_config.json\`.`;
}
