/** Counts the choices of each part of a space and of the whole space. Ids are based on these counts. */
import type { Blocks, SpaceParts } from "./choices.js";

const product = (counts: readonly bigint[]): bigint => counts.reduce((total, count) => total * count, 1n);

/** The number of choices of one block, or of the whole stage if its blocks share them. */
const blockChoices = ({ each }: Blocks): bigint => product(each.map(({ values }) => BigInt(values.length)));

/** The number of choices of the blocks at a depth. */
export const choicesAt = (blocks: Blocks, depth: number): bigint =>
  blocks.per === "block" ? blockChoices(blocks) ** BigInt(depth) : blockChoices(blocks);

/** The number of ways to choose the depth and all blocks. */
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
