/** Draws that several augmentations share, and the fields of their options. */
import { z } from "zod";
import type { Random } from "../../base/random.js";

/** Lowest and highest value, both positive. */
export type Range = readonly [number, number];

/** A field with the lowest and the highest value of a draw. */
export const rangeField = (limit: number): z.ZodType<[number, number], [number, number]> =>
  z
    .tuple([z.number().positive().max(limit), z.number().positive().max(limit)])
    .refine(([low, high]) => low <= high, { message: "the lowest value first" });

export const uniform = (draw: Random, [low, high]: Range): number => low + (high - low) * draw.next();

/** Uniform in the logarithm: a ratio and its inverse are equally likely. */
export const logUniform = (draw: Random, [low, high]: Range): number =>
  Math.exp(uniform(draw, [Math.log(low), Math.log(high)]));

/** Beta(α, α), by two gamma draws (Marsaglia and Tsang 2000). */
export function beta(draw: Random, alpha: number): number {
  const [a, b] = [logGamma(draw, alpha), logGamma(draw, alpha)];
  return 1 / (1 + Math.exp(b - a));
}

/** The logarithm of a Gamma(shape, 1) draw: for small shapes the draw itself may be too small for a number. */
function logGamma(draw: Random, shape: number): number {
  if (shape < 1) return logGamma(draw, shape + 1) + Math.log(1 - draw.next()) / shape;
  const d = shape - 1 / 3;
  for (;;) {
    const x = draw.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - draw.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
