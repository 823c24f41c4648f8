import fc from "fast-check";
import { expect, test } from "vitest";
import { permutation, random } from "../../src/base/random.js";

test("the same key gives the same stream, another key another one", () => {
  const draw = (...key: (string | number)[]): number[] => {
    const stream = random(...key);
    return Array.from({ length: 4 }, () => stream.next());
  };
  expect(draw(1, "crop", 2)).toEqual(draw(1, "crop", 2));
  expect(draw(1, "crop", 2)).not.toEqual(draw(1, "crop", 3));
  expect(draw("ab", "c")).not.toEqual(draw("a", "bc"));
  expect(draw(1)).not.toEqual(draw("1"));
});

test("golden values: a changed generator would change every run", () => {
  const draw = random(0, "golden");
  expect([draw.integer(1000), draw.integer(1000), draw.integer(1000)]).toEqual([390, 921, 684]);
});

test("integers are uniform and in range; normals have mean 0 and variance 1", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.integer(), (below, seed) => {
      const value = random(seed).integer(below);
      return Number.isInteger(value) && value >= 0 && value < below;
    }),
  );
  const draw = random(7);
  const counts = Array<number>(6).fill(0);
  for (let i = 0; i < 60_000; i++) counts[draw.integer(6)]!++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  const normals = Array.from({ length: 50_000 }, () => draw.normal());
  const mean = normals.reduce((sum, x) => sum + x, 0) / normals.length;
  const variance = normals.reduce((sum, x) => sum + x * x, 0) / normals.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.abs(variance - 1)).toBeLessThan(0.03);
});

test("a permutation holds every index once", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), fc.integer(), (length, seed) => {
      expect([...permutation(length, random(seed))].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
    }),
  );
});
