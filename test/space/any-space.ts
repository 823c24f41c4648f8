/** Random spaces with every kind of block, choice and head, small enough to count by hand or large beyond 2^53. */
import fc from "fast-check";
import { expand } from "../../src/supernet/blocks/block.js";
import { blocks } from "../../src/supernet/blocks/blocks.js";
import { ownChoices } from "../../src/supernet/convnet/schema.js";
import { parseSpace } from "../../src/supernet/spaces.js";
import type { SearchSpace } from "../../src/space/space.js";

const multiples = (divisor: number, most: number): fc.Arbitrary<number[]> =>
  choices(fc.integer({ min: 1, max: 12 }), most).map((list) => list.map((factor) => factor * divisor));

const choices = (item: fc.Arbitrary<number>, most: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(item, { minLength: 1, maxLength: most }).map((list) => list.sort((a, b) => a - b));

const stage = (name: string): fc.Arbitrary<Record<string, unknown>> =>
  fc.constantFrom(...blocks).chain((kind) =>
    fc.record({
      name: fc.constant(name),
      block: fc.constant(kind.name),
      ...Object.fromEntries(
        kind.chooses
          .filter((choice) => ownChoices.includes(choice))
          .map(({ field, value }) => [
            field,
            choices(
              fc.integer({ min: 0, max: 9 }).filter((item) => value.safeParse(item).success),
              3,
            ),
          ]),
      ),
      width: multiples(4, 3),
      depth: choices(fc.integer({ min: 1, max: 6 }), 4),
      kernel: choices(fc.constantFrom(1, 3, 5, 7), 3),
      expand: kind.chooses.includes(expand)
        ? fc.oneof(fc.constant([1]), choices(fc.integer({ min: 2, max: 6 }), 3))
        : fc.constant<number[]>([1]),
      stride: fc.constant(1),
      activation: fc.constantFrom("relu", "swish"),
      shortcut: fc.constantFrom("none", "conv", "avgpool+conv"),
      choicesPer: fc.constantFrom("stage", "block"),
    }),
  );

const head = fc.record(
  {
    width: fc.oneof(multiples(4, 3), fc.record({ expand: fc.integer({ min: 1, max: 6 }) })),
    activation: fc.constant("relu"),
    mix: fc.record({ width: multiples(4, 3), activation: fc.constant("hard-swish") }),
  },
  { requiredKeys: ["width", "activation"] },
);

export const anySpace: fc.Arbitrary<SearchSpace> = fc
  .record({
    name: fc.constant("any"),
    classes: fc.constant(5),
    channels: fc.constant(1),
    resolutions: choices(fc.integer({ min: 8, max: 64 }), 4),
    divisor: fc.constant(4),
    stem: fc.record({ width: multiples(4, 3), stride: fc.constant(1), activation: fc.constant("relu") }),
    stages: fc
      .integer({ min: 1, max: 5 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => stage(`s${i}`)))),
    head,
  })
  .map((data) => parseSpace(data, "any"));
