/** A supernet's weights, each at its maximum, and where they can come from. */
import { UserError } from "../base/user-error.js";
import { initialize, viewsOf, type Layout } from "./initialize.js";

/** A supernet's weights by parameter name, each at its maximum shape (see `Parameter`), row-major. */
export type SharedWeights = ReadonlyMap<string, Float32Array>;

/** Gives all weights of a layout in its one flat array: from a seed, a checkpoint, another tool's file. */
export type WeightSource = (layout: Layout) => Promise<Float32Array>;

/** An array as files hold it. */
export interface NamedArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** First weights, random. @param lastGamma see `initialize` */
export const seededWeights =
  (seed: number, lastGamma: 0 | 1): WeightSource =>
  async (layout) =>
    initialize(layout, seed, lastGamma);

/**
 * Weights out of named arrays: every name of the layout must be there in its shape, and no other. A length alone would let a
 * transposed matrix pass.
 * @param at names the arrays in messages
 * @throws UserError `supernet/weights` that lists every array that is wrong
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
    const fix = "The weights are of another space or version: use those of this one.";
    return got === want ? [] : [{ at: `${at}: ${name}`, got, want, fix }];
  });
  if (problems.length > 0) throw new UserError("supernet/weights", problems);
}
