import fc from "fast-check";
import { expect, test } from "vitest";
import { extent, linear, logarithmic } from "../../src/report/scale.js";

const pixels = [58, 468] as const;

test("a logarithmic axis has round ticks within its range, each with room for its label", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -4, max: 9, noNaN: true }),
      fc.double({ min: 0.7, max: 4, noNaN: true }),
      (power, span) => {
        const [low, high] = [10 ** power, 10 ** (power + span)];
        const { ticks, at } = logarithmic([low, high], pixels);
        expect(at(low)).toBeCloseTo(58, 6);
        expect(at(high)).toBeCloseTo(468, 6);
        ticks.forEach((tick, i) => {
          expect(at(tick)).toBeGreaterThan(57.9);
          expect(at(tick)).toBeLessThan(468.1);
          if (i > 0) expect(at(tick) - at(ticks[i - 1]!)).toBeGreaterThanOrEqual(64);
        });
        expect(ticks.length).toBeGreaterThanOrEqual(span > 1.1 ? 2 : 1);
      },
    ),
  );
});

test("a linear axis has ticks at 1, 2 or 5 times a power of ten, evenly spaced", () => {
  expect(linear([0, 1], pixels).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(linear([0.553, 0.702], pixels).ticks).toEqual([0.6, 0.65, 0.7]);
});

test("an extent is never of no width, and nothing has one from 0 to 1", () => {
  expect(extent([5])[0]).toBeLessThan(extent([5])[1]);
  expect(extent([0])).toEqual([-1, 1]);
  expect(extent([])).toEqual([0, 1]);
  expect(extent([1, 3], 0.5)).toEqual([0, 4]);
});
