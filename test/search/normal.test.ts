import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { expectedGain, probabilityBelow } from "../../src/search/normal.js";

test.each([
  [0, 0.5],
  [1, 0.8413447],
  [-1, 0.1586553],
  [1.959964, 0.975],
  [-3, 0.0013499],
])("below %d lies a share of %d", (z, share) => expect(probabilityBelow(z)).toBeCloseTo(share, 6));

test("the expected gain is the mean of what is above zero, and never less than the mean or zero", () => {
  const draw = random("gain");
  const drawn = Array.from({ length: 200_000 }, () => Math.max(0, -0.4 + 0.9 * draw.normal()));
  expect(expectedGain(-0.4, 0.9)).toBeCloseTo(drawn.reduce((sum, gain) => sum + gain, 0) / drawn.length, 2);
  fc.assert(
    fc.property(fc.double({ min: -5, max: 5, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true }), (mean, sd) => {
      expect(expectedGain(mean, sd)).toBeGreaterThanOrEqual(Math.max(mean, 0) - 1e-6);
    }),
  );
});
