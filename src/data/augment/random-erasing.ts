/** A random rectangle of the normalised image becomes 0, the mean colour: torchvision's RandomErasing (Zhong et al. 2017, arXiv 1708.04896). */
import { z } from "zod";
import type { Random } from "../../base/random.js";
import type { Part, Size } from "../pictures/pillow-resize.js";
import { logUniform, rangeField, uniform, type Range } from "./draw.js";

export const randomErasingSchema = z
  .strictObject({
    probability: z.number().min(0).max(1).default(0.5).describe("Share of the images that lose a rectangle."),
    scale: rangeField(1).default([0.02, 0.33]).describe("Share of the image's area: lowest and highest."),
    ratio: rangeField(100).default([0.3, 3.3]).describe("Height / width: lowest and highest."),
  })
  .describe("A random rectangle becomes the mean colour (RandomErasing).");

type RandomErasing = z.output<typeof randomErasingSchema>;

/** Tries before the image stays whole, as in torchvision. */
const TRIES = 10;

/** RandomErasing's rectangle; undefined where there is none. */
export function drawRectangle(draw: Random, { width, height }: Size, options: RandomErasing): Part | undefined {
  if (draw.next() >= options.probability) return undefined;
  const { scale, ratio }: { scale: Range; ratio: Range } = options;
  for (let i = 0; i < TRIES; i++) {
    const area = width * height * uniform(draw, scale);
    const aspect = logUniform(draw, ratio);
    const [h, w] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    if (h >= height || w >= width) continue;
    return { top: draw.integer(height - h + 1), left: draw.integer(width - w + 1), width: w, height: h };
  }
  return undefined;
}

/** Sets a part of an image, [height, width, channels], to 0. */
export function erase(image: Float32Array, width: number, channels: number, part: Part): void {
  for (let y = part.top; y < part.top + part.height; y++) {
    const from = (y * width + part.left) * channels;
    image.fill(0, from, from + part.width * channels);
  }
}
