/**
 * The numbers of a child's parameters: an array, or a part of the shared weights with a factor per output channel. So slicing and
 * folding copy nothing, and each weight is read and written once, when the file is.
 */
import type { Parameter } from "../graph/values.js";
import { forEachRun, isWhole, type Box } from "../supernet/slice.js";

export interface Part {
  readonly shared: Float32Array;
  readonly box: Box;
  /** By output channel, which is the last dimension of every weight; 1 where there is none. */
  readonly factor?: Float64Array;
}

export type Numbers = Float32Array | Part;

export const isPacked = (numbers: Numbers): numbers is Float32Array => numbers instanceof Float32Array;

/** Numbers as a part, whatever they are. */
export function asPart(numbers: Numbers, { shape }: Pick<Parameter<number>, "shape">): Part {
  if (!isPacked(numbers)) return numbers;
  return { shared: numbers, box: { full: shape, start: shape.map(() => 0), size: shape } };
}

/** A parameter's numbers times a factor per output channel. */
export function scaled(numbers: Numbers, parameter: Pick<Parameter<number>, "shape">, factor: Float64Array): Part {
  const part = asPart(numbers, parameter);
  const old = part.factor;
  return { ...part, factor: old ? factor.map((value, c) => value * old[c]!) : factor };
}

/** The numbers in one array, in the shape of the parameter; the same array where nothing is to be done. */
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
