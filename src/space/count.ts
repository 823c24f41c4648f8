/** How many choices each part of a space has, and all of it: what the ids are numbered by. */
import type { Blocks, SpaceParts } from "./choices.js";

const product = (counts: readonly bigint[]): bigint => counts.reduce((total, count) => total * count, 1n);

/** What one block (or, shared, the whole stage) chooses. */
export const blockChoices = ({ each }: Blocks): bigint => product(each.map(({ values }) => BigInt(values.length)));

/** The number of choices of the blocks at a depth. */
export const choicesAt = (blocks: Blocks, depth: number): bigint =>
  blocks.per === "block" ? blockChoices(blocks) ** BigInt(depth) : blockChoices(blocks);

/** The number of depths, each with all the choices of its blocks. */
export const depthChoices = (blocks: Blocks): bigint =>
  blocks.depth.values.reduce((sum, depth) => sum + choicesAt(blocks, depth), 0n);

/** The number of architectures. */
export const countArchitectures = ({ parts }: SpaceParts): bigint =>
  product(
    parts.flatMap(({ once, blocks }) => [
      ...once.map(({ values }) => BigInt(values.length)),
      ...(blocks ? [depthChoices(blocks)] : []),
    ]),
  );
