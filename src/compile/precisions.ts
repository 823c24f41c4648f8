/**
 * What a child can be compiled to, a row a precision. Flags, provenance, metadata, certificates and judgements read this table, so
 * that a new precision is a row and its passes.
 */
import { UserError } from "../base/user-error.js";
import { layouts, type Layout, type LayoutName } from "./layouts.js";
import type { Step } from "./pass.js";
import { float16Steps, floatSteps, int8Steps } from "./passes.js";

export interface Precision {
  /** What its files hold, for people. */
  readonly says: string;
  /** What follows the lowering, in order. */
  readonly steps: readonly Step[];
  /** max |difference of logits| from the masked supernet ≤ tolerance × (1 + max |logit|). */
  readonly tolerance: number;
  /** Least share of images with the supernet's top-1: where two logits are equal but for rounding, either may be the larger. */
  readonly leastSameTopOne: number;
  /** The oldest opset that has its operators, where there is an older one. */
  readonly oldestOpset?: number;
}

/** An int8 precision: one a layout. */
export type Int8Name = `int8-${LayoutName}`;

const int8 = (layout: Layout): Precision => ({
  says: layout.says,
  steps: int8Steps(layout),
  tolerance: 0.3,
  leastSameTopOne: 0.9,
  oldestOpset: 13,
});

export const precisions = {
  float32: { says: "weights and activations of 32 bits", steps: floatSteps, tolerance: 1e-4, leastSameTopOne: 0.999 },
  float16: {
    says: "weights and activations of 16 bits; input, outputs and what leaves their range of 32",
    steps: float16Steps,
    // A chain of roundings to 11 bits: up to 1.1e-2 for random children of the shipped spaces, each value rounded (docs/precisions.md).
    tolerance: 2e-2,
    leastSameTopOne: 0.99,
  },
  "int8-x64": int8(layouts.x64),
  "int8-x64-vnni": int8(layouts["x64-vnni"]),
  "int8-arm": int8(layouts.arm),
  "int8-tensorrt": int8(layouts.tensorrt),
  "int8-openvino": int8(layouts.openvino),
  "int8-web": int8(layouts.web),
} as const satisfies Record<"float32" | "float16" | Int8Name, Precision>;

/** A precision, by its name in the table. */
export type PrecisionName = keyof typeof precisions;

export const precisionNames = Object.keys(precisions) as readonly PrecisionName[];
export const defaultPrecision: PrecisionName = "float32";

/** Whether a precision's children are quantised. */
export const isInt8 = (precision: PrecisionName): precision is Int8Name => precision.startsWith("int8-");

/** The precision of a layout. */
export const int8For = (layout: LayoutName): Int8Name => `int8-${layout}`;

/** The layout of an int8 precision, and its name. */
export function int8LayoutOf(precision: Int8Name): Layout & { readonly name: LayoutName } {
  const name = precision.slice("int8-".length) as LayoutName;
  return { name, ...layouts[name] };
}

/** The oldest opset that has a precision's operators; undefined where all have. */
export const oldestOpsetOf = (name: PrecisionName): number | undefined => (precisions[name] as Precision).oldestOpset;

/** @throws UserError `compile/precision` where there is none of that name */
export function checkPrecision(precision: PrecisionName): void {
  if (precisionNames.includes(precision)) return;
  throw new UserError("compile/precision", {
    at: "the precision",
    got: JSON.stringify(precision),
    want: precisionNames.join(" or "),
    fix: "docs/precisions.md says what each is good for.",
  });
}

/**
 * The precisions of a search, in the table's order: their order on a command line changes nothing.
 * @throws UserError `compile/precision` where there is none of a name, or one is given twice
 */
export function precisionsOf(given: PrecisionName | readonly PrecisionName[]): readonly PrecisionName[] {
  const names = typeof given === "string" ? [given] : given;
  names.forEach(checkPrecision);
  if (names.length === 0 || new Set(names).size < names.length) {
    throw new UserError("compile/precision", {
      at: "--precision",
      got: names.join(",") || "none",
      want: "one or several, each once",
      fix: "Name each precision once.",
    });
  }
  return precisionNames.filter((name) => names.includes(name));
}

/**
 * Points of accuracy that quantisation may lose.
 * @throws UserError `compile/max-loss` where it is no number from 0 to 100, or nothing is quantised
 */
export function checkMaxLoss(maxLoss: number, precisions: readonly PrecisionName[]): number {
  const isRight = maxLoss >= 0 && maxLoss <= 100;
  if (isRight && precisions.some(isInt8)) return maxLoss;
  throw new UserError("compile/max-loss", {
    at: "--max-loss",
    got: isRight ? `given with --precision ${precisions.join(",")}` : `${maxLoss}`,
    want: isRight ? "--precision int8" : "points from 0 to 100",
    fix: "It limits what quantisation loses, for example --precision int8 --max-loss 0.5.",
  });
}

/** A precision as what is kept of it where it is another than float32: what was written before there was a choice stays as it is. */
export const otherThanDefault = (precision: PrecisionName): { readonly precision?: PrecisionName } =>
  precision === defaultPrecision ? {} : { precision };

/** How far a child's logits may be from its supernet's, whose largest is `maxLogit`. */
export const toleranceOf = (precision: PrecisionName, maxLogit: number): number =>
  precisions[precision].tolerance * (1 + maxLogit);
