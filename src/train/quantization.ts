/** When training rounds weights and activations, by the recipe's `quantization`. */
import type { Recipe } from "./recipe.js";
import type { RunLength } from "./schedule.js";

/** The steps that round. */
export interface RoundedSteps {
  /** The first of them, from 0. */
  readonly from: number;
  readonly bits: number;
}

/** A run, or a part of one. */
interface Rounding {
  readonly rounded: RoundedSteps | undefined;
}

export const roundedSteps = ({ quantization }: Recipe, totalSteps: number): RoundedSteps | undefined =>
  quantization ? { from: Math.round(quantization.from * totalSteps), bits: quantization.bits } : undefined;

/** The bits that a step rounds to; undefined: it doesn't round. */
export const bitsAt = ({ rounded }: Rounding, step: number): number | undefined =>
  rounded && step >= rounded.from ? rounded.bits : undefined;

/** For people: when a run begins to round; undefined where it never does. */
export const startOfRounding = ({ rounded }: Rounding, { totalSteps }: RunLength): string | undefined =>
  rounded && rounded.from < totalSteps
    ? `Weights and activations are rounded to ${rounded.bits} bits from step ${rounded.from + 1} of ${totalSteps} on`
    : undefined;
