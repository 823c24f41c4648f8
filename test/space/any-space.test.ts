/** What holds in every space that the format can say. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import {
  architectureOf,
  biggest,
  checkArchitecture,
  countArchitectures,
  idOf,
  mutate,
  neighbours,
  sample,
  smallest,
  type SearchSpace,
} from "../../src/space/space.js";
import type { Architecture } from "../../src/space/space.js";
import { numberAt, valueAt } from "../../src/space/architecture.js";
import type { Choice, Path } from "../../src/space/choices.js";
import { anySpace } from "./any-space.js";

const seed = fc.nat(1e9);

test("every id below the count is an architecture, and every architecture's id leads back to it", () => {
  fc.assert(
    fc.property(anySpace, seed, (space, key) => {
      const count = countArchitectures(space);
      const draw = random(key);
      const index = BigInt(Math.floor(draw.next() * 2 ** 32)) ** 3n % count;
      const architecture = architectureOf(space, index.toString(36));
      checkArchitecture(space, architecture, "architecture");
      expect(idOf(space, architecture)).toBe(index.toString(36));
      const sampled = sample(space, draw);
      expect(architectureOf(space, idOf(space, sampled))).toEqual(sampled);
      expect(() => architectureOf(space, count.toString(36))).toThrow("an id of the space any");
    }),
    { numRuns: 1000 },
  );
});

test("the number of architectures is what counting them one by one gives", () => {
  fc.assert(
    fc.property(
      anySpace.filter((space) => countArchitectures(space) < 3000n),
      (space) => {
        const found = new Set<string>();
        const waiting: Architecture[] = [smallest(space)];
        // Neighbours reach every point: one step at a time, each way.
        for (let point = waiting.pop(); point; point = waiting.pop()) {
          const id = idOf(space, point);
          if (found.has(id)) continue;
          found.add(id);
          waiting.push(...neighbours(space, point));
        }
        expect(BigInt(found.size)).toBe(countArchitectures(space));
        expect(found.has(idOf(space, biggest(space)))).toBe(true);
      },
    ),
    { numRuns: 20 },
  );
});

test("mutants stay in the space at every rate; at 0 nothing changes", () => {
  fc.assert(
    fc.property(anySpace, seed, fc.double({ min: 0, max: 1, noNaN: true }), (space, key, probability) => {
      const draw = random(key);
      const parent = sample(space, draw);
      checkArchitecture(space, mutate(space, parent, probability, draw), "mutant");
      expect(mutate(space, parent, 0, draw)).toEqual(parent);
    }),
    { numRuns: 1000 },
  );
});

/** How far apart two architectures are in steps, on each elastic dimension that both have. */
function steps({ parts }: SearchSpace, one: Architecture, other: Architecture): number[] {
  const distances = parts.flatMap(({ once, blocks }) => {
    const gap = ({ values }: Choice, path: Path): number =>
      Math.abs(values.indexOf(valueAt(one, path) as number) - values.indexOf(valueAt(other, path) as number));
    const single = once.map((choice) => gap(choice, choice.path));
    if (!blocks) return single;
    const { depth, each, per } = blocks;
    const both = Math.min(numberAt(one, depth.path), numberAt(other, depth.path));
    const shared = Array.from({ length: per === "stage" ? 1 : both }, (_, block) =>
      each.map((choice) => gap(choice, [...choice.path, block])),
    );
    return [...single, gap(depth, depth.path), ...shared.flat()];
  });
  return distances.filter((distance) => distance > 0);
}

test("neighbours are points of the space, one step away in one dimension, each once", () => {
  fc.assert(
    fc.property(anySpace, seed, (space, key) => {
      const point = sample(space, random(key));
      const around = neighbours(space, point);
      for (const neighbour of around) {
        checkArchitecture(space, neighbour, "neighbour");
        expect(steps(space, point, neighbour)).toEqual([1]);
      }
      const ids = around.map((neighbour) => idOf(space, neighbour));
      expect(new Set(ids).size).toBe(ids.length);
    }),
    { numRuns: 300 },
  );
});
