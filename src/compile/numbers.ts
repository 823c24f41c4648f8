/**
 * The values of a child's parameters: an array, or a part of the shared weights with a factor per output channel. Thus
 * slicing and folding copy nothing: each weight is read and written once, when the file is written.
 */
import type { Parameter } from "../graph/values.js";
import { forEachRun, isWhole, type Box } from "../supernet/slice.js";

export interface Part {
  readonly shared: Float32Array;
  readonly box: Box;
  /** Factor per output channel, the last dimension of every weight; 1 if undefined. */
  readonly factor?: Float64Array;
}

export type Numbers = Float32Array | Part;

const isPacked = (numbers: Numbers): numbers is Float32Array => numbers instanceof Float32Array;

/** Where the scales of a parameter are that is stored as whole numbers. */
export const scaleOf = (name: string): string => `${name}.scale`;

/** The values as a part. */
export function asPart(numbers: Numbers, { shape }: Pick<Parameter<number>, "shape">): Part {
  if (!isPacked(numbers)) return numbers;
  return { shared: numbers, box: { full: shape, start: shape.map(() => 0), size: shape } };
}

/** A parameter's values times a factor per output channel. */
export function scaled(numbers: Numbers, parameter: Pick<Parameter<number>, "shape">, factor: Float64Array): Part {
  const part = asPart(numbers, parameter);
  const old = part.factor;
  return { ...part, factor: old ? factor.map((value, c) => value * old[c]!) : factor };
}

/** The values in one array, in the shape of the parameter; the same array if they already are. */
export function pack(numbers: Numbers): Float32Array {
  if (isPacked(numbers)) return numbers;
  const { shared, box, factor } = numbers;
  if (!factor && isWhole(box)) return shared;
  const packed = new Float32Array(box.size.reduce((product, count) => product * count, 1));
  forEachRun(box, (from, at, length) => {
    for (let i = 0; i < length; i++) packed[at + i] = shared[from + i]! * (factor?.[i] ?? 1);
  });
  return packed;
}
