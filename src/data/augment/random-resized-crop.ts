/**
 * A random part of the picture, of random area and ratio, brought to the size of the net: torchvision's RandomResizedCrop, after
 * Szegedy et al. 2014 (arXiv 1409.4842).
 */
import { z } from "zod";
import { random, type Key, type Random } from "../../base/random.js";
import { resizePart, type Part, type Size } from "../pictures/pillow-resize.js";
import type { Picture, PictureRows } from "../pictures/picture.js";
import { reduce } from "../pictures/reduce.js";
import { logUniform, rangeField, uniform, type Range } from "./draw.js";

export const randomResizedCropSchema = z
  .strictObject({
    scale: rangeField(1).default([0.08, 1]).describe("Share of the picture's area: lowest and highest."),
    ratio: rangeField(100)
      .default([3 / 4, 4 / 3])
      .describe("Width / height: lowest and highest."),
    interpolation: z.enum(["bilinear", "bicubic"]).default("bilinear").describe("Both antialiased, as Pillow's are."),
  })
  .describe("A random part of the picture, resized (RandomResizedCrop).");

type RandomResizedCrop = z.output<typeof randomResizedCropSchema>;

/** Random parts of pictures. */
export interface RandomParts {
  /** Share of the picture's area: lowest and highest. */
  readonly scale: readonly [number, number];
  /** Width / height: lowest and highest. */
  readonly ratio: readonly [number, number];
  readonly interpolation: RandomResizedCrop["interpolation"];
  /** What names the random streams; an image's own index is added to it. */
  readonly key: readonly Key[];
}

/**
 * The image's part of this picture, resized to [size, size]. Of a picture with far more pixels than its smallest part needs, it is a part of the
 * reduced picture; only the rows that make it are asked for.
 * @param into where the pixels go
 */
export function randomPart(
  { rows, ...whole }: PictureRows,
  index: number,
  parts: RandomParts,
  size: number,
  into?: Uint8Array,
): Picture {
  const factor = factorFor(enoughFor(parts, size), whole);
  const small = { width: Math.floor(whole.width / factor), height: Math.floor(whole.height / factor) };
  const part = drawPart(random(...parts.key, index, "randomResizedCrop"), small, parts);
  const band = reduced(rows(part.top * factor, part.height * factor), factor);
  return resizedCrop(band, { ...part, top: 0 }, size, parts.interpolation, into);
}

/** The shorter side that gives the smallest part as many pixels as a square of this size has. */
export const enoughFor = ({ scale }: Pick<RandomParts, "scale">, size: number): number => size / Math.sqrt(scale[0]);

/** The largest whole factor that leaves a picture's shorter side long enough. A picture that was reduced by it has the factor 1. */
export const factorFor = (enough: number, { width, height }: Size): number =>
  Math.max(1, Math.floor(Math.min(width, height) / enough));

/** A picture with far more pixels than are enough, reduced. */
export const reducedTo = (enough: number, picture: Picture): Picture => reduced(picture, factorFor(enough, picture));

/** What that picture takes. */
export function bytesReduced(enough: number, picture: Omit<Picture, "pixels">): number {
  const factor = factorFor(enough, picture);
  return Math.floor(picture.width / factor) * Math.floor(picture.height / factor) * picture.channels;
}

const reduced = (picture: Picture, factor: number): Picture => (factor < 2 ? picture : reduce(picture, factor));

/** Tries before the largest part in the middle is taken, as in torchvision. */
const TRIES = 10;

/** A part of a picture: RandomResizedCrop.get_params. */
export function drawPart(
  draw: Random,
  { width, height }: Size,
  { scale, ratio }: { readonly scale: Range; readonly ratio: Range },
): Part {
  for (let i = 0; i < TRIES; i++) {
    const area = width * height * uniform(draw, scale);
    const aspect = logUniform(draw, ratio);
    const [w, h] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { top: draw.integer(height - h + 1), left: draw.integer(width - w + 1), width: w, height: h };
  }
  const nearest = Math.min(Math.max(width / height, ratio[0]), ratio[1]);
  const w = Math.max(1, Math.min(width, Math.round(height * nearest)));
  const h = Math.max(1, Math.min(height, Math.round(width / nearest)));
  return { top: (height - h) >> 1, left: (width - w) >> 1, width: w, height: h };
}

/** The part of the picture, resized to [size, size]: `resized_crop`. */
export function resizedCrop(
  picture: Picture,
  part: Part,
  size: number,
  interpolation: RandomResizedCrop["interpolation"],
  into?: Uint8Array,
): Picture {
  const whole = { left: 0, top: 0, width: size, height: size };
  const pixels = resizePart(picture, whole, whole, interpolation, part, into);
  return { width: size, height: size, channels: picture.channels, pixels };
}
