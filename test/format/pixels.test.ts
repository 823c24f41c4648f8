/** The pixels of deployed code against those that were certified. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { normalize, prepare, preprocessingAt } from "../../src/data/preprocessing.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { random } from "../../src/base/random.js";
import { pixelValues } from "../../src/format/code/pixels.js";

const side = fc.integer({ min: 1, max: 90 });

test("a picture of any size becomes what judgements see, to the bit", () => {
  fc.assert(
    fc.property(
      fc.record({ width: side, height: side, resolution: fc.integer({ min: 1, max: 48 }) }),
      fc.constantFrom(1, 3),
      fc.record({ cropShare: fc.constantFrom(1, 0.875, 0.6), interpolation: fc.constantFrom("bilinear", "bicubic") }),
      fc.integer({ min: 0, max: 1000 }),
      ({ width, height, resolution }, channels, evaluation, seed) => {
        const draw = random("pixels", seed);
        const pixels = Uint8Array.from({ length: width * height * channels }, () => draw.integer(256));
        const normalization = { mean: [0.4, 0.5, 0.6].slice(0, channels), std: [0.2, 0.3, 0.25].slice(0, channels) };
        const certified = normalize(
          prepare({ width, height, channels, pixels }, resolution, evaluation),
          normalization,
        );
        const wanted = preprocessingAt(resolution, channels, normalization, evaluation);
        const found = pixelValues({ width, height, channels, data: pixels }, wanted);
        const expected = toChannelsFirst(certified, 1, channels);
        expect(found).toHaveLength(expected.length);
        const most = found.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0);
        // Scaling rounds in another order; a step of 255 would be 0.016.
        expect(most).toBeLessThan(1e-6);
      },
    ),
    { seed: 14, numRuns: 200 },
  );
});

test("alpha is dropped, and colours become grey by Rec. 601", () => {
  const wanted = preprocessingAt(1, 1, { mean: [0], std: [1] });
  const grey = (data: readonly number[]): number =>
    Math.round(255 * pixelValues({ width: 1, height: 1, channels: data.length, data }, wanted)[0]!);
  expect(grey([200])).toBe(200);
  expect(grey([200, 0])).toBe(200);
  expect(grey([255, 0, 0])).toBe(76);
  expect(grey([0, 255, 0, 0])).toBe(150);
});
