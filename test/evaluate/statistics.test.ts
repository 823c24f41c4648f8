import fc from "fast-check";
import { expect, test } from "vitest";
import { wilson } from "../../src/evaluate/accuracy.js";
import { median, quantile } from "../../src/evaluate/statistics.js";

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
