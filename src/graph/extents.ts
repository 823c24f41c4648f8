/** Spatial sizes of values at one resolution of the input. Channels are in the values themselves. */
import type { Value } from "./values.js";

/** Height = width of a value; `flat` values are [batch, channels], `vector` values [channels]. */
export type Extent = number | "flat" | "vector";
/** Extents by the value's name. */
export type Extents = ReadonlyMap<string, Extent>;

export function extentOf(extents: Extents, { name }: Pick<Value, "name">): Extent {
  const extent = extents.get(name);
  if (extent === undefined) throw new Error(`internal: no extent for ${name}`);
  return extent;
}

/** Number of pixels of a value: 1 if it has no height and width. */
export const pixelsOf = (extents: Extents, value: Pick<Value, "name">): number => {
  const extent = extentOf(extents, value);
  return typeof extent === "number" ? extent * extent : 1;
};
