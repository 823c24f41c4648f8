import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { UserError } from "../../src/base/user-error.js";
import { loadArchitecture, loadSpace, parseSpace, shippedSpaces } from "../../src/supernet/spaces.js";
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
} from "../../src/space/space.js";
import { inConvnet } from "./convnet.js";
import fashion from "../../src/space/shipped/fashion.json" with { type: "json" };

const spaces = await Promise.all(shippedSpaces.map(loadSpace));
const seeds = fc.integer({ min: 0, max: 1e9 });

test("the number of architectures is the published one", () => {
  const count = (name: string): bigint => countArchitectures(spaces.find((space) => space.name === name)!);
  expect(count("attentivenas")).toBe(440301256704n);
  // Per block: 3 kernels × 3 ratios; depths 2 to 4; five stages; 25 resolutions.
  expect(count("ofa-mbv3")).toBe((9n ** 2n + 9n ** 3n + 9n ** 4n) ** 5n * 25n);
  // 10^8.37 with the four training resolutions; the space also holds the coarse search's 256.
  expect(Math.log10(Number(count("bignas")) * (4 / 5))).toBeCloseTo(8.37, 2);
});

test.each(spaces)("$name: ids round-trip, from architectures and from numbers", (space) => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const architecture = sample(space, random(seed));
      const id = idOf(space, architecture);
      expect(architectureOf(space, id)).toEqual(architecture);
      expect(id).toMatch(/^[0-9a-z]+$/);
    }),
    { numRuns: 500 },
  );
  expect(architectureOf(space, "0")).toEqual(smallest(space));
  const last = (countArchitectures(space) - 1n).toString(36);
  expect(idOf(space, architectureOf(space, last))).toBe(last);
});

test("every number below the count is an architecture of its own", () => {
  const tiny = parseSpace(
    { ...fashion, resolutions: [20], stages: [{ ...fashion.stages[0], depth: [1, 2], choicesPer: "block" }] },
    "tiny",
  );
  const count = Number(countArchitectures(tiny));
  const seen = new Set(Array.from({ length: count }, (_, i) => JSON.stringify(architectureOf(tiny, i.toString(36)))));
  expect(seen.size).toBe(count);
  expect(() => architectureOf(tiny, count.toString(36))).toThrow(UserError);
});

test.each(spaces)("$name: samples, mutants and neighbours belong to the space", (space) => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const draw = random(seed);
      const parent = sample(space, draw);
      for (const architecture of [parent, mutate(space, parent, 0.3, draw), ...neighbours(space, parent).slice(0, 5)]) {
        checkArchitecture(space, architecture, "architecture");
      }
      expect(neighbours(space, parent).every((other) => idOf(space, other) !== idOf(space, parent))).toBe(true);
    }),
    { numRuns: 100 },
  );
  expect(mutate(space, biggest(space), 0, random(0))).toEqual(biggest(space));
});

test("each elastic dimension is sampled uniformly", () => {
  const space = spaces.find(({ name }) => name === "fashion")!;
  const draw = random(3);
  const counts = new Map<number, number>();
  for (let i = 0; i < 3000; i++) {
    const { depth } = inConvnet(sample(space, draw)).stages[1]!;
    counts.set(depth, (counts.get(depth) ?? 0) + 1);
  }
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
});

test("a bad space names every mistake with place and fix", () => {
  const bad = structuredClone(fashion) as unknown as Record<string, never> & { stages: Record<string, unknown>[] };
  bad.stages[0]!["width"] = [37, 24];
  bad.stages[1]!["kernel"] = [4];
  bad.stages[2]!["activation"] = "gelu";
  bad.stages[2]!["depht"] = [1];
  const error = (() => {
    try {
      parseSpace(bad, "space.json");
    } catch (caught) {
      return caught as UserError;
    }
    return undefined;
  })();
  expect(error).toBeInstanceOf(UserError);
  const places = error!.problems.map(({ at }) => at);
  for (const place of ["stages[0].width", "stages[1].kernel[0]", "stages[2].activation", "stages[2]"]) {
    expect(
      places.some((at) => at === `space.json: ${place}`),
      `${place} in ${places.join()}`,
    ).toBe(true);
  }
  for (const { fix } of error!.problems) expect(fix).not.toBe("");
});

test("a width off the divisor says which widths would do", () => {
  const bad = { ...fashion, stem: { ...fashion.stem, width: [37] } };
  expect(() => parseSpace(bad, "space.json")).toThrow(
    "space.json: stem.width[0] is 37; want a multiple of 8, the divisor. Use 32 or 40.",
  );
});

test("architectures are found by name, id and seed", async () => {
  const space = spaces[0]!;
  expect(await loadArchitecture(space, "biggest")).toEqual(biggest(space));
  expect(await loadArchitecture(space, "0")).toEqual(smallest(space));
  expect(await loadArchitecture(space, "random:4")).toEqual(await loadArchitecture(space, "random:4"));
  await expect(loadArchitecture(space, "no such id!")).rejects.toThrow(UserError);
  await expect(loadArchitecture(space, "zzzzzzzzz")).rejects.toThrow("an id of the space fashion");
});
