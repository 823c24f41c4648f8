import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { wilson } from "../../src/evaluate/accuracy.js";
import { bootstrapMedian, median, quantile } from "../../src/evaluate/statistics.js";

test.each([
  // Newcombe 1998, table I, and R's prop.test(correct = FALSE).
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
  [20, 20, 0.8389, 1],
])("wilson: %i of %i is %f to %f", (correct, count, low, high) => {
  const [below, above] = wilson(correct, count);
  expect(below).toBeCloseTo(low, 4);
  expect(above).toBeCloseTo(high, 4);
});

test("wilson's bounds solve |p − p̂| = z·√(p(1 − p)/n), lie in [0, 1] around p̂, and nothing seen says nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (count, share) => {
      const correct = Math.round(share * count);
      const p = correct / count;
      for (const bound of wilson(correct, count)) {
        expect(bound).toBeGreaterThanOrEqual(0);
        expect(bound).toBeLessThanOrEqual(1);
        expect(Math.abs(Math.abs(bound - p) - 1.959964 * Math.sqrt((bound * (1 - bound)) / count))).toBeLessThan(1e-7);
      }
    }),
  );
  expect(wilson(0, 0)).toEqual([0, 1]);
});

test("median and quantiles by hand", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  const ten = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
  expect([0, 0.1, 0.5, 0.9, 0.91, 1].map((q) => quantile(ten, q))).toEqual([1, 1, 5, 9, 10, 10]);
  expect(quantile([], 0.5)).toBeNaN();
  expect(ten[0]).toBe(10);
});

test("the bootstrap interval holds the true median about as often as it says", () => {
  let held = 0;
  for (let seed = 0; seed < 400; seed++) {
    const draw = random(seed, "coverage");
    const rounds = Array.from({ length: 25 }, () => 5 + draw.normal());
    const [low, high] = bootstrapMedian(rounds, seed);
    expect(low).toBeLessThanOrEqual(median(rounds));
    expect(high).toBeGreaterThanOrEqual(median(rounds));
    if (low <= 5 && 5 <= high) held++;
  }
  expect(held / 400).toBeGreaterThan(0.88);
  expect(held / 400).toBeLessThan(0.99);
});

test("the bootstrap is the same for the same seed, narrows with more rounds, and is a point where all rounds agree", () => {
  const draw = random("rounds");
  const rounds = Array.from({ length: 200 }, () => 5 + draw.normal());
  expect(bootstrapMedian(rounds, 1)).toEqual(bootstrapMedian(rounds, 1));
  const width = (list: number[]): number => bootstrapMedian(list, 1)[1] - bootstrapMedian(list, 1)[0];
  expect(width(rounds)).toBeLessThan(width(rounds.slice(0, 12)));
  expect(bootstrapMedian([2, 2, 2], 0)).toEqual([2, 2]);
});
