/** An architecture: plain JSON that a family's choices read and write by their paths. */
import { z } from "zod";
import type { Part, Path } from "./choices.js";

/** A value, a list, or an object of values. */
export type Chosen = number | Chosen[] | { [key: string]: Chosen };

/**
 * One complete point of a space; it includes dimensions with a single choice. The family defines its other keys
 * (`ConvnetArchitecture`).
 */
export interface Architecture {
  /** Height = width of the input in pixels. */
  readonly resolution: number;
  readonly [part: string]: Chosen | undefined;
}

const chosen: z.ZodType<Chosen> = z.lazy(() => z.union([z.number(), z.array(chosen), z.record(z.string(), chosen)]));

/** An architecture of any family, as stored in files. `checkArchitecture` checks it against a space. */
export const architectureSchema: z.ZodType<Architecture> = z
  .object({ resolution: z.number().int().min(1) })
  .catchall(chosen);

/** The values of one part, in the order of its choices. */
export interface PartValues {
  readonly once: readonly number[];
  /** Number of blocks; 0 for a part without blocks. */
  readonly depth: number;
  /** For each choice of the blocks, its value in every block. */
  readonly each: readonly (readonly number[])[];
}

/** The value at a path, or undefined if there is none. */
export const valueAt = (architecture: Architecture, path: Path): Chosen | undefined =>
  path.slice(1).reduce<Chosen | undefined>((value, key) => {
    if (typeof value !== "object") return undefined;
    return Array.isArray(value) ? value[Number(key)] : value[key];
  }, architecture[path[0]!]);

/** The number at a path of an architecture that belongs to the space. */
export function numberAt(architecture: Architecture, path: Path): number {
  const value = valueAt(architecture, path);
  if (typeof value !== "number") throw new Error(`internal: the architecture has no ${path.join(".")}`);
  return value;
}

/** The list at a path of an architecture that belongs to the space. */
export function listAt(architecture: Architecture, path: Path): readonly number[] {
  const value = valueAt(architecture, path);
  if (!Array.isArray(value)) throw new Error(`internal: the architecture has no list ${path.join(".")}`);
  return value as number[];
}

/** Splits an architecture of the space into the values of its parts. `assemble` is the inverse. */
export const valuesOf = (parts: readonly Part[], architecture: Architecture): PartValues[] =>
  parts.map(({ once, blocks }) => ({
    once: once.map(({ path }) => numberAt(architecture, path)),
    depth: blocks ? numberAt(architecture, blocks.depth.path) : 0,
    each: blocks?.each.map(({ path }) => listAt(architecture, path)) ?? [],
  }));

/** Builds the architecture from the values of its parts, one entry per part. */
export function assemble(parts: readonly Part[], values: readonly PartValues[]): Architecture {
  const architecture: { resolution: number; [part: string]: Chosen } = { resolution: 0 };
  const put = ([key, ...rest]: Path, value: Chosen): void => {
    architecture[key!] = withValue(architecture[key!], rest, value);
  };
  parts.forEach(({ once, blocks }, i) => {
    const chosen = values[i]!;
    once.forEach(({ path }, choice) => put(path, chosen.once[choice]!));
    if (!blocks) return;
    put(blocks.depth.path, chosen.depth);
    blocks.each.forEach(({ path }, choice) => put(path, [...chosen.each[choice]!]));
  });
  return architecture;
}

/** Writes a value at a path below `place`, creating lists and objects as needed. */
function withValue(place: Chosen | undefined, [key, ...rest]: Path, value: Chosen): Chosen {
  if (key === undefined) return value;
  if (typeof key === "number") {
    const list = Array.isArray(place) ? place : [];
    list[key] = withValue(list[key], rest, value);
    return list;
  }
  const object = typeof place === "object" && !Array.isArray(place) ? place : {};
  object[key] = withValue(object[key], rest, value);
  return object;
}
