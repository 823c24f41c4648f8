/**
 * Ids: an architecture is a tuple of choices, one per elastic dimension in a fixed order, and its id is that tuple read as a number of
 * mixed bases, written in base 36. Every number below the space's count is an architecture of its own.
 */
import { UserError } from "../base/user-error.js";
import { checkArchitecture } from "./check-architecture.js";
import { blockChoices, choicesAt, countArchitectures, depthChoices, headWidths } from "./count.js";
import type { Architecture, SearchSpaceData } from "./schema.js";

/** Reads choices off a number, least significant first; `put` below is its inverse. */
interface Digits {
  take(base: bigint): bigint;
}
const digitsOf = (index: bigint): Digits => ({
  take(base) {
    const digit = index % base;
    index /= base;
    return digit;
  },
});

/** The architecture's place in the space's fixed order, in base 36: short, and stable for as long as the space is. */
export function idOf(space: SearchSpaceData, architecture: Architecture): string {
  checkArchitecture(space, architecture, "architecture");
  let index = 0n;
  let base = 1n;
  const put = (digit: bigint, count: bigint): void => {
    index += digit * base;
    base *= count;
  };
  const choose = <T>(list: readonly T[], item: T): void => put(BigInt(list.indexOf(item)), BigInt(list.length));
  choose(space.resolutions, architecture.resolution);
  choose(space.stem.width, architecture.stem);
  space.stages.forEach((stage, i) => {
    const chosen = architecture.stages[i]!;
    choose(stage.width, chosen.width);
    // Depth, kernels and expand ratios are one digit: shallower stages first, each with all its choices.
    let digit = stage.depth
      .filter((depth) => depth < chosen.depth)
      .reduce((sum, depth) => sum + choicesAt(stage, depth), 0n);
    let weight = 1n;
    const blocks = stage.choicesPer === "block" ? chosen.depth : 1;
    for (let block = 0; block < blocks; block++) {
      const kernel = stage.kernel.indexOf(chosen.kernels[block]!);
      const expand = stage.expand.indexOf(chosen.expands[block]!);
      digit += weight * BigInt(kernel + stage.kernel.length * expand);
      weight *= blockChoices(stage);
    }
    put(digit, depthChoices(stage));
  });
  if (headWidths(space).length > 0) choose(headWidths(space), architecture.head!);
  if (space.head.mix) choose(space.head.mix.width, architecture.mix!);
  return index.toString(36);
}

/**
 * The architecture of an id.
 * @throws UserError `space/id` when it is no id of this space.
 */
export function architectureOf(space: SearchSpaceData, id: string): Architecture {
  const count = countArchitectures(space);
  const index = parseBase36(id);
  if (index === undefined || index >= count) {
    throw new UserError("space/id", {
      at: "architecture id",
      got: JSON.stringify(id),
      want: `an id of the space ${space.name}, at most ${(count - 1n).toString(36)}`,
      fix: "Ids belong to one space; take one from `nestling search` or name a file, biggest, smallest or random:SEED.",
    });
  }
  const digits = digitsOf(index);
  const choose = <T>(list: readonly T[]): T => list[Number(digits.take(BigInt(list.length)))]!;
  const resolution = choose(space.resolutions);
  const stem = choose(space.stem.width);
  const stages = space.stages.map((stage) => {
    const width = choose(stage.width);
    let digit = digits.take(depthChoices(stage));
    let depth = stage.depth[0]!;
    for (const candidate of stage.depth) {
      depth = candidate;
      if (digit < choicesAt(stage, candidate)) break;
      digit -= choicesAt(stage, candidate);
    }
    const inner = digitsOf(digit);
    const block = (): [number, number] => {
      const both = Number(inner.take(blockChoices(stage)));
      return [stage.kernel[both % stage.kernel.length]!, stage.expand[Math.floor(both / stage.kernel.length)]!];
    };
    const shared = stage.choicesPer === "stage" ? block() : undefined;
    const blocks = Array.from({ length: depth }, () => shared ?? block());
    return { width, depth, kernels: blocks.map(([kernel]) => kernel), expands: blocks.map(([, expand]) => expand) };
  });
  return {
    resolution,
    stem,
    stages,
    ...(headWidths(space).length > 0 && { head: choose(headWidths(space)) }),
    ...(space.head.mix && { mix: choose(space.head.mix.width) }),
  };
}

function parseBase36(text: string): bigint | undefined {
  if (!/^(0|[1-9a-z][0-9a-z]*)$/.test(text)) return undefined;
  return [...text].reduce((value, digit) => value * 36n + BigInt(parseInt(digit, 36)), 0n);
}
