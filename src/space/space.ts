/** A search space, and all that is asked of one: its size, its points, their ids and neighbours. The folder's face to the others. */
import { sha256OfJson } from "../base/hash.js";
import type { SearchSpaceData } from "./schema.js";

export { checkArchitecture } from "./check-architecture.js";
export { countArchitectures } from "./count.js";
export { architectureOf, idOf } from "./ids.js";
export { mutate, neighbours } from "./neighbours.js";
export { biggest, sample, smallest } from "./points.js";

export interface SearchSpace extends SearchSpaceData {
  /** SHA-256 of the canonical data: two files with equal hashes mean the same space. */
  readonly hash: string;
}

/** Freezes validated data as a space. `description` and `$schema` don't count for the hash. */
export function searchSpace(data: SearchSpaceData): SearchSpace {
  const { description, $schema, ...meaning } = data;
  return { ...data, hash: sha256OfJson(meaning) };
}
