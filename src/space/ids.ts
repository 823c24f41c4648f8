/**
 * Ids: an architecture is a tuple of choices, one per elastic dimension in a fixed order, and its id is that tuple read
 * as a mixed-radix number, written in base 36. Every number below the space's count is the id of exactly one
 * architecture.
 */
import { UserError } from "../base/user-error.js";
import { assemble, valuesOf, type Architecture, type PartValues } from "./architecture.js";
import { checkArchitecture } from "./check-architecture.js";
import type { Blocks, Choice, SpaceParts } from "./choices.js";
import { choicesAt, countArchitectures, depthChoices } from "./count.js";

/** A digit and the number of values it can take. */
type Digit = readonly [digit: bigint, base: bigint];

/** The number with these digits, the least significant first. */
function fromDigits(digits: readonly Digit[]): bigint {
  let weight = 1n;
  return digits.reduce((sum, [digit, base]) => {
    const term = digit * weight;
    weight *= base;
    return sum + term;
  }, 0n);
}

/** Reads digits off a number, the least significant first. */
function digitsOf(number: bigint): (base: bigint) => bigint {
  return (base) => {
    const digit = number % base;
    number /= base;
    return digit;
  };
}

const digitOf = ({ values }: Choice, value: number): Digit => [BigInt(values.indexOf(value)), BigInt(values.length)];

/**
 * The depth and all choices of the blocks form one digit: first all choices at the smallest depth, then those at the
 * next.
 */
function digitOfBlocks(blocks: Blocks, { depth, each }: PartValues): Digit {
  const shallower = blocks.depth.values
    .filter((other) => other < depth)
    .reduce((sum, other) => sum + choicesAt(blocks, other), 0n);
  const chosen = Array.from({ length: blocks.per === "block" ? depth : 1 }, (_, block) =>
    blocks.each.map((choice, c) => digitOf(choice, each[c]![block]!)),
  );
  return [shallower + fromDigits(chosen.flat()), depthChoices(blocks)];
}

/**
 * The architecture's position in the space's fixed order, in base 36: short, and stable as long as the space does not
 * change.
 * @throws UserError `space/architecture` if the architecture is not in the space
 */
export function idOf(space: SpaceParts, architecture: Architecture): string {
  checkArchitecture(space, architecture, "architecture");
  const values = valuesOf(space.parts, architecture);
  const digits = space.parts.flatMap(({ once, blocks }, i) => [
    ...once.map((choice, c) => digitOf(choice, values[i]!.once[c]!)),
    ...(blocks ? [digitOfBlocks(blocks, values[i]!)] : []),
  ]);
  return fromDigits(digits).toString(36);
}

/**
 * The architecture of an id.
 * @throws UserError `space/id` if the space has no such id
 */
export function architectureOf(space: SpaceParts, id: string): Architecture {
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
  const take = digitsOf(index);
  const values = space.parts.map(({ once, blocks }) => ({
    once: once.map((choice) => valueOf(choice, take)),
    ...(blocks ? blocksOf(blocks, take(depthChoices(blocks))) : { depth: 0, each: [] }),
  }));
  return assemble(space.parts, values);
}

const valueOf = ({ values }: Choice, take: (base: bigint) => bigint): number =>
  values[Number(take(BigInt(values.length)))]!;

/** The inverse of `digitOfBlocks`. */
function blocksOf(blocks: Blocks, digit: bigint): Omit<PartValues, "once"> {
  let depth = blocks.depth.values[0]!;
  for (const candidate of blocks.depth.values) {
    depth = candidate;
    if (digit < choicesAt(blocks, candidate)) break;
    digit -= choicesAt(blocks, candidate);
  }
  const take = digitsOf(digit);
  const block = (): number[] => blocks.each.map((choice) => valueOf(choice, take));
  const shared = blocks.per === "stage" ? block() : undefined;
  const chosen = Array.from({ length: depth }, () => shared ?? block());
  return { depth, each: blocks.each.map((_, choice) => chosen.map((values) => values[choice]!)) };
}

function parseBase36(text: string): bigint | undefined {
  if (!/^(0|[1-9a-z][0-9a-z]*)$/.test(text)) return undefined;
  return Array.from(text).reduce((value, digit) => value * 36n + BigInt(parseInt(digit, 36)), 0n);
}
