/** Architectures near a given one: random mutants, and all that are one step away. */
import type { Random } from "../base/random.js";
import { assemble, valuesOf, type Architecture, type PartValues } from "./architecture.js";
import type { Choice, Part, SpaceParts } from "./choices.js";

/**
 * A neighbour: each elastic dimension is drawn anew with a probability (fine-grained mutation of BigNAS). Blocks that a deeper
 * stage gains choose at random; the result may equal the parent.
 */
export function mutate({ parts }: SpaceParts, parent: Architecture, probability: number, draw: Random): Architecture {
  const redraw = ({ values }: Choice, current: number): number =>
    draw.next() < probability ? draw.pick(values) : current;
  const values = valuesOf(parts, parent).map((current, i): PartValues => {
    const { once: single, blocks } = parts[i]!;
    const once = single.map((choice, c) => redraw(choice, current.once[c]!));
    if (!blocks) return { once, depth: 0, each: [] };
    const depth = redraw(blocks.depth, current.depth);
    const each = blocks.each.map((choice, c) => {
      const old = current.each[c]!;
      if (blocks.per === "stage") return Array<number>(depth).fill(redraw(choice, old[0]!));
      return Array.from({ length: depth }, (_, block) =>
        block < old.length ? redraw(choice, old[block]!) : draw.pick(choice.values),
      );
    });
    return { once, depth, each };
  });
  return assemble(parts, values);
}

/** Every architecture that differs from this one in a single elastic dimension, by one step up or down. */
export function neighbours({ parts }: SpaceParts, architecture: Architecture): Architecture[] {
  const values = valuesOf(parts, architecture);
  return parts.flatMap((part, i) =>
    around(part, values[i]!).map((changed) => assemble(parts, values.with(i, changed))),
  );
}

/** The next smaller and the next larger value of a choice, where there are any. */
function steps({ values }: Choice, current: number): number[] {
  const at = values.indexOf(current);
  return [values[at - 1], values[at + 1]].filter((value) => value !== undefined);
}

function around({ once, blocks }: Part, values: PartValues): PartValues[] {
  const found = once.flatMap((choice, c) =>
    steps(choice, values.once[c]!).map((value) => ({ ...values, once: values.once.with(c, value) })),
  );
  if (!blocks) return found;
  // A new block repeats the last one.
  const resized = (list: readonly number[], depth: number): number[] =>
    Array.from({ length: depth }, (_, block) => list[Math.min(block, list.length - 1)]!);
  const deeper = steps(blocks.depth, values.depth).map((depth) => ({
    ...values,
    depth,
    each: values.each.map((list) => resized(list, depth)),
  }));
  const changed = blocks.each.flatMap((choice, c) => {
    const list = values.each[c]!;
    const lists =
      blocks.per === "stage"
        ? steps(choice, list[0]!).map((value) => list.map(() => value))
        : list.flatMap((current, block) => steps(choice, current).map((value) => list.with(block, value)));
    return lists.map((next) => ({ ...values, each: values.each.with(c, next) }));
  });
  return [...found, ...deeper, ...changed];
}
