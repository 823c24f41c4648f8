/** How many choices each part of a space has, and all of it: what the ids are numbered by. */
import type { SearchSpaceData, StageData } from "./schema.js";

/** What one block (or, shared, the whole stage) chooses: kernel and expand ratio. */
export const blockChoices = (stage: StageData): bigint => BigInt(stage.kernel.length * stage.expand.length);

/** The number of kernel and expand choices of a stage at a depth. */
export const choicesAt = (stage: StageData, depth: number): bigint =>
  stage.choicesPer === "block" ? blockChoices(stage) ** BigInt(depth) : blockChoices(stage);

/** The number of depths, each with all its kernels and expand ratios. */
export const depthChoices = (stage: StageData): bigint =>
  stage.depth.reduce((sum, depth) => sum + choicesAt(stage, depth), 0n);

/** The head's choices of width; none where it follows the last stage. */
export const headWidths = (space: SearchSpaceData): readonly number[] =>
  Array.isArray(space.head.width) ? space.head.width : [];

/** The number of architectures. */
export function countArchitectures(space: SearchSpaceData): bigint {
  return (
    BigInt(space.resolutions.length * space.stem.width.length) *
    space.stages.reduce((product, stage) => product * BigInt(stage.width.length) * depthChoices(stage), 1n) *
    BigInt(Math.max(1, headWidths(space).length)) *
    BigInt(space.head.mix?.width.length ?? 1)
  );
}
