/**
 * What a child can be compiled to, a row a precision. Flags, provenance, metadata, certificates and judgements read this table, so
 * that a new precision is a row and its passes.
 */
import type { Step } from "./pass.js";
import { floatSteps } from "./passes.js";

export interface Precision {
  /** What its files hold, for people. */
  readonly says: string;
  /** What follows the lowering, in order. */
  readonly steps: readonly Step[];
  /** max |difference of logits| from the masked supernet ≤ tolerance × (1 + max |logit|). */
  readonly tolerance: number;
}

export const precisions = {
  float32: { says: "weights and activations of 32 bits", steps: floatSteps, tolerance: 1e-4 },
} as const satisfies Record<string, Precision>;

/** A precision, by its name in the table. */
export type PrecisionName = keyof typeof precisions;

export const precisionNames = Object.keys(precisions) as readonly PrecisionName[];
export const defaultPrecision: PrecisionName = "float32";

/** How far a child's logits may be from its supernet's, whose largest is `maxLogit`. */
export const toleranceOf = (precision: PrecisionName, maxLogit: number): number =>
  precisions[precision].tolerance * (1 + maxLogit);
