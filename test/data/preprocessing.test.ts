/** What `prepare` cuts, and what a file says of it; test/judges compares both with Pillow on pictures of every kind. */
import { expect, test } from "vitest";
import {
  evaluationOf,
  normalize,
  prepare,
  preprocessingAt,
  preprocessingSchema,
} from "../../src/data/preprocessing.js";

/** Every column has a grey of its own. */
const columns = (width: number, height: number) => ({
  ...{ width, height, channels: 1 as const },
  pixels: Uint8Array.from({ length: width * height }, (_, i) => i % width),
});

test("the middle is kept; of an odd rest the pixel more is at the right", () => {
  expect([...prepare(columns(4, 2), 2)]).toEqual([1, 2, 1, 2]);
  expect([...prepare(columns(5, 2), 2)]).toEqual([1, 2, 1, 2]);
});

test("a picture of the resolution stays as it is; a smaller one grows", () => {
  const picture = columns(6, 6);
  expect(prepare(picture, 6)).toBe(picture.pixels);
  expect([...prepare(columns(2, 1), 2)]).toEqual([0, 1, 0, 1]);
  expect(prepare({ width: 1, height: 900, channels: 1, pixels: new Uint8Array(900).fill(9) }, 3)).toEqual(
    new Uint8Array(9).fill(9),
  );
});

test("a file says its own resolution, in Hugging Face's words", () => {
  const said = preprocessingAt(24, 3, { mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.1] });
  expect(said).toMatchObject({
    ...{ do_resize: true, size: { shortest_edge: 24 }, resample: 2, do_convert_rgb: true, color_mode: "RGB" },
    ...{ do_center_crop: true, crop_size: { height: 24, width: 24 } },
    ...{ do_rescale: true, rescale_factor: 1 / 255, do_normalize: true },
    ...{ image_mean: [0.5, 0.4, 0.3], image_std: [0.2, 0.2, 0.1] },
  });
  expect(preprocessingSchema.parse(said)).toEqual(said);
  expect(preprocessingAt(24, 1, { mean: [0.5], std: [0.2] })).toMatchObject({ color_mode: "L", do_convert_rgb: false });
});

test("an evaluation keeps the middle of a larger picture, and a file's words give it back at every resolution", () => {
  const grey = { mean: [0.5], std: [0.2] };
  const evaluation = { cropShare: 0.5, interpolation: "bilinear" } as const;
  // Columns 0 to 7, of which a quarter is cut off on each side; the rest stays as it is.
  expect([...prepare(columns(8, 8), 4, evaluation).subarray(0, 4)]).toEqual([2, 3, 4, 5]);
  const usual = preprocessingAt(28, 1, grey, { cropShare: 0.875, interpolation: "bicubic" });
  expect(usual).toMatchObject({ size: { shortest_edge: 32 }, crop_size: { height: 28, width: 28 }, resample: 3 });
  for (let resolution = 1; resolution <= 512; resolution++) {
    for (const cropShare of [0.5, 0.7, 0.875, 0.95, 1]) {
      const words = preprocessingAt(resolution, 1, grey, { cropShare, interpolation: "bilinear" });
      expect(preprocessingAt(resolution, 1, grey, evaluationOf(words))).toEqual(words);
    }
  }
});

test("values are (pixel / 255 − mean) / deviation of their channel", () => {
  const floats = normalize(Uint8Array.of(0, 51, 255), { mean: [0, 0.2, 0.5], std: [1, 1, 0.25] });
  [0, 0, 2].forEach((value, c) => expect(floats[c]).toBeCloseTo(value, 6));
});
