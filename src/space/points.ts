/** Points of a space: its ends, and random ones. */
import type { Random } from "../base/random.js";
import { assemble, type Architecture } from "./architecture.js";
import type { Choice, SpaceParts } from "./choices.js";

/** Makes an architecture by asking `choose` for every elastic dimension, block by block. */
export function pointOf({ parts }: SpaceParts, choose: (choice: Choice) => number): Architecture {
  const values = parts.map(({ once: single, blocks }) => {
    const once = single.map(choose);
    if (!blocks) return { once, depth: 0, each: [] };
    const depth = choose(blocks.depth);
    const draw = (): number[] => blocks.each.map(choose);
    const shared = blocks.per === "stage" ? draw() : undefined;
    const drawn = Array.from({ length: depth }, () => shared ?? draw());
    return { once, depth, each: blocks.each.map((_, choice) => drawn.map((block) => block[choice]!)) };
  });
  return assemble(parts, values);
}

/** The architecture with every elastic dimension at its largest. */
export const biggest = (space: SpaceParts): Architecture => pointOf(space, ({ values }) => values.at(-1)!);

/** The architecture with every elastic dimension at its smallest. */
export const smallest = (space: SpaceParts): Architecture => pointOf(space, ({ values }) => values[0]!);

/** Each elastic dimension drawn uniformly and independently, as BigNAS trains. */
export const sample = (space: SpaceParts, random: Random): Architecture =>
  pointOf(space, ({ values }) => random.pick(values));
