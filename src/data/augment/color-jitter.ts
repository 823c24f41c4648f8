/** Brightness, contrast, saturation and hue by random factors, in random order: torchvision's ColorJitter. */
import { z } from "zod";
import { permutation, type Random } from "../../base/random.js";
import type { Picture } from "../pictures/picture.js";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from "./adjust.js";
import { uniform } from "./draw.js";

const strength = (what: string): z.ZodDefault<z.ZodNumber> =>
  z.number().min(0).max(10).default(0).describe(`${what} by a factor from max(0, 1 − this) to 1 + this.`);

export const colorJitterSchema = z
  .strictObject({
    brightness: strength("Brightness"),
    contrast: strength("Contrast"),
    saturation: strength("Saturation"),
    hue: z.number().min(0).max(0.5).default(0).describe("Turns the colour wheel by up to this part of a turn."),
  })
  .describe("Random brightness, contrast, saturation and hue, in random order (ColorJitter).");

export function colorJitter(picture: Picture, options: z.output<typeof colorJitterSchema>, draw: Random): Picture {
  const by = (
    strength: number,
    adjust: (picture: Picture, factor: number) => Picture,
  ): ((before: Picture) => Picture) => {
    const factor = uniform(draw, [Math.max(0, 1 - strength), 1 + strength]);
    return (before) => (strength === 0 ? before : adjust(before, factor));
  };
  const turn = uniform(draw, [-options.hue, options.hue]);
  const changes = [
    by(options.brightness, adjustBrightness),
    by(options.contrast, adjustContrast),
    by(options.saturation, adjustSaturation),
    (before: Picture) => (options.hue === 0 ? before : adjustHue(before, turn)),
  ];
  return [...permutation(changes.length, draw)].reduce((before, which) => changes[which]!(before), picture);
}
