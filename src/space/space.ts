/** A search space and its functions: size, points, ids, neighbours. Other folders import this file. */
import type { Part } from "./choices.js";

export { type Architecture } from "./architecture.js";
export { checkArchitecture } from "./check-architecture.js";
export { countArchitectures } from "./count.js";
export { architectureOf, idOf } from "./ids.js";
export { mutate, neighbours } from "./neighbours.js";
export { biggest, pointOf, sample, smallest } from "./points.js";

/** The fields that every space file has, whatever its family. */
export interface SpaceData {
  readonly name: string;
  readonly description?: string | undefined;
  /** The kind of network: which other fields the file has, and what they mean. */
  readonly family: string;
  /** Number of classes of the data. */
  readonly classes: number;
  /** Channels of the images. */
  readonly channels: 1 | 3;
  /** Input height = width in pixels, in increasing order. */
  readonly resolutions: readonly number[];
}

/** A space, read and checked. Everything in it is derived from `data`. */
export interface SearchSpace<Data extends SpaceData = SpaceData> extends SpaceData {
  /** The file, validated, with its defaults. */
  readonly data: Data;
  /** What an architecture chooses. */
  readonly parts: readonly Part[];
  /** SHA-256 of the data without `description` and `$schema`: files with equal hashes describe the same space. */
  readonly hash: string;
}
