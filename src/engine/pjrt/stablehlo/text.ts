/** How StableHLO's text spells types, numbers and lists. */
import type { ElementType, TensorType } from "./program.js";

/** Elements of a program's values; bf16 occurs only inside, so that nobody has to read it. */
export type Element = ElementType | "bf16";

export interface ValueType {
  readonly element: Element;
  readonly shape: readonly number[];
}

/** A value of the program. */
export interface Tensor {
  /** Its name in the text, such as %12. */
  readonly id: string;
  readonly type: ValueType;
}

/** The type of an input or output. */
export function crossing({ type: { element, shape } }: Tensor): TensorType {
  if (element === "bf16") throw new Error("internal: bf16 leaves the program");
  return { element, shape };
}

export const typeText = ({ element, shape }: ValueType): string => `tensor<${[...shape, element].join("x")}>`;
export const listed = (numbers: readonly number[]): string => `[${numbers.join(", ")}]`;
export const both = (number: number): string => listed([number, number]);

/** A number as MLIR reads a float: with a point, or the bits of what has none. */
function floatText(value: number): string {
  if (value === Infinity) return "0x7F800000";
  if (value === -Infinity) return "0xFF800000";
  return Math.fround(value).toExponential();
}

/** MLIR wants a point before the exponent. */
export const literal = (value: number, element: Element): string =>
  element === "f32" ? floatText(value).replace(/^(-?\d)e/, "$1.0e") : String(value);
