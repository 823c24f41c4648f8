import fc from "fast-check";
import { expect, test } from "vitest";
import { courseOf, densityOf, quantilesOf } from "../../src/evaluate/distribution.js";
import { median } from "../../src/evaluate/statistics.js";

const times = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 300 });

test("quantiles rise from the fastest run to the slowest, and half of the runs are at most as slow as the middle one", () => {
  fc.assert(
    fc.property(times, (runs) => {
      const quantiles = quantilesOf(runs);
      expect(quantiles).toHaveLength(21);
      expect(quantiles).toEqual([...quantiles].sort((a, b) => a - b));
      expect([quantiles[0], quantiles[20]]).toEqual([Math.min(...runs), Math.max(...runs)]);
      expect(runs.filter((ms) => ms <= quantiles[10]!).length).toBeGreaterThanOrEqual(runs.length / 2);
    }),
  );
});

test("the shares of a density are those of the runs in its bins, to a twentieth at each edge", () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 30 }), (runs, bins) => {
      const { range, shares } = densityOf(quantilesOf(runs), bins);
      for (const share of shares) expect(share).toBeGreaterThanOrEqual(0);
      const sum = shares.reduce((a, b) => a + b, 0);
      expect(sum).toBeGreaterThan(0.95 - 1e-9);
      expect(sum).toBeLessThan(1 + 1e-9);
      const [low, high] = range;
      let below = 0;
      for (const [i, share] of shares.entries()) {
        below += share;
        const edge = low + ((high - low) * (i + 1)) / bins;
        const strictly = runs.filter((ms) => ms < edge * (1 - 1e-9)).length / runs.length;
        const atMost = runs.filter((ms) => ms <= edge * (1 + 1e-9)).length / runs.length;
        expect(below).toBeGreaterThan(strictly - 0.05 - 1 / runs.length - 1e-9);
        expect(below).toBeLessThan(atMost + 0.05 + 1 / runs.length + 1e-9);
      }
    }),
  );
});

test("all runs of one length are one full bin", () => {
  expect(densityOf(quantilesOf([2, 2, 2]), 4)).toEqual({ range: [2, 2], shares: [1, 0, 0, 0] });
});

test("a session that slows down half way has a course with a step, whatever single runs do", () => {
  const rounds = Array.from({ length: 240 }, (_, i) => [1, 1, 9].map((ms) => (i < 120 ? ms : 1.5 * ms)));
  const course = courseOf(rounds);
  expect(course).toEqual([...Array<number>(6).fill(1), ...Array<number>(6).fill(1.5)]);
  expect(median(course.slice(6)) / median(course.slice(0, 6))).toBe(1.5);
  expect(courseOf([[3], [4]])).toEqual([3, 4]);
});
