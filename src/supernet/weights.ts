/** A supernet's weights, each at its maximum size, and the sources they can come from. */
import { UserError } from "../base/user-error.js";
import { viewsOf, type Layout } from "../graph/layout.js";
import { initializeInPieces } from "./initialize.js";

/** A supernet's weights by parameter name, each at its maximum shape (see `Parameter`), row-major. */
export type SharedWeights = ReadonlyMap<string, Float32Array>;

/** Returns all weights of a layout in one flat array: from a seed, a checkpoint or another tool's file. */
export type WeightSource = (layout: Layout) => Promise<Float32Array>;

/** An array as stored in files. */
export interface NamedArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** Random initial weights. @param lastGamma see `initialize` */
export const seededWeights =
  (seed: number, lastGamma: 0 | 1): WeightSource =>
  (layout) =>
    initializeInPieces(layout, seed, lastGamma);

/** All weights as files store them. */
export const namedArrays = ({ slots }: Layout, weights: SharedWeights): Map<string, NamedArray> =>
  new Map([...slots].map(([name, { shape }]) => [name, { shape, data: weights.get(name)! }]));

/**
 * Weights from named arrays: exactly the names of the layout, each in its shape. Checking only lengths would let a
 * transposed matrix pass.
 * @param at names the arrays in messages
 * @throws UserError `supernet/weights` listing every wrong array
 */
export const storedWeights =
  (read: () => Promise<ReadonlyMap<string, NamedArray>>, at: string): WeightSource =>
  async (layout) => {
    const arrays = await read();
    checkShapes(layout, arrays, at);
    const flat = new Float32Array(layout.length);
    for (const [name, view] of viewsOf(layout, flat)) view.set(arrays.get(name)!.data);
    return flat;
  };

function checkShapes({ slots }: Layout, arrays: ReadonlyMap<string, NamedArray>, at: string): void {
  const names = new Set([...slots.keys(), ...arrays.keys()]);
  const textOf = (shape: readonly number[] | undefined, none: string): string =>
    shape ? `[${shape.join(", ")}]` : none;
  const problems = [...names].flatMap((name) => {
    const got = textOf(arrays.get(name)?.shape, "missing");
    const want = textOf(slots.get(name)?.shape, "no such weight");
    const fix = "The weights belong to another space or version: use this one's.";
    return got === want ? [] : [{ at: `${at}: ${name}`, got, want, fix }];
  });
  if (problems.length > 0) throw new UserError("supernet/weights", problems);
}
