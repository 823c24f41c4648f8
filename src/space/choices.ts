/**
 * A search space is one list of the network's parts (input, stem, stages, head). Each part lists what is chosen once
 * for the part and what is chosen for each of its blocks. Counting, ids, sampling, ends, mutation, neighbours, checks,
 * the coarse grid, drawings and tables are short functions over this list, so a family of networks describes its
 * choices in one place.
 */

/** What a choice is about: the coarse grid moves all choices of one dimension together. */
export type Dimension = "resolution" | "width" | "depth" | "kernel" | "expand";

/** One elastic dimension: a value from a list in increasing order. */
export interface Choice {
  /** The column of `nestling space show`, and the field of the space file. */
  readonly name: string;
  readonly dimension: Dimension;
  /** Where an architecture keeps the value; for a choice of blocks, the list of their values. */
  readonly path: Path;
  /** In increasing order: pixels, channels, blocks, kernel sizes or ratios, by the dimension. */
  readonly values: readonly number[];
}

/** Keys from an architecture's top: `["stages", 0, "width"]`. */
export type Path = readonly (string | number)[];

/** A run of blocks. An architecture has `depth` of them, each with one value per choice in `each`. */
export interface Blocks {
  readonly depth: Choice;
  readonly each: readonly Choice[];
  /** stage: all blocks share one value of each choice. */
  readonly per: "stage" | "block";
}

/** A part of the network and what it chooses. */
export interface Part {
  readonly name: string;
  readonly once: readonly Choice[];
  readonly blocks?: Blocks;
  /**
   * Properties that all architectures share, by column of `nestling space show`. Absent for a part without layers (the
   * input).
   */
  readonly facts?: Readonly<Record<string, string>>;
}

/** What functions over choices need to know about a space. */
export interface SpaceParts {
  readonly name: string;
  readonly parts: readonly Part[];
}

/** All elastic dimensions, in the order in which architectures are drawn. */
export const choicesOf = (parts: readonly Part[]): readonly Choice[] =>
  parts.flatMap(({ once, blocks }) => [...once, ...(blocks ? [blocks.depth, ...blocks.each] : [])]);
