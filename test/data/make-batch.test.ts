import fc from "fast-check";
import { expect, test } from "vitest";
import { makeBatch, toChannelsFirst } from "../../src/data/make-batch.js";
import type { PixelImages } from "../../src/data/images.js";

const SIDE = 4;
const plain = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };

/** Every pixel has a value of its own, so that a value says where it is from. */
const images = (channels: 1 | 3, count = 5): PixelImages => ({
  count,
  height: SIDE,
  width: SIDE,
  channels,
  pixels: Uint8Array.from({ length: count * SIDE * SIDE * channels }, (_, i) => 1 + (i % 255)),
  labels: new Uint16Array(count),
});

/** These images of all. */
function some(all: PixelImages, indices: readonly number[]): PixelImages {
  const bytes = all.height * all.width * all.channels;
  const pixels = indices.flatMap((index) => [...all.pixels.subarray(index * bytes, (index + 1) * bytes)]);
  return { ...all, pixels: Uint8Array.from(pixels) };
}

test("a value is (pixel / 255 − mean) / std of its channel; images come in the order asked for", () => {
  const { pixels, ...rest } = images(3);
  const [mean, std] = [
    [0.1, 0.5, 0.9],
    [0.2, 0.25, 1.5],
  ];
  const batch = makeBatch(some({ pixels, ...rest }, [4, 0, 4]), [4, 0, 4], SIDE, { mean, std });
  const floats = SIDE * SIDE * 3;
  expect(batch).toHaveLength(3 * floats);
  [4, 0, 4].forEach((image, place) => {
    for (let i = 0; i < floats; i++) {
      const wanted = (pixels[image * floats + i]! / 255 - mean[i % 3]!) / std[i % 3]!;
      expect(batch[place * floats + i]).toBeCloseTo(wanted, 5);
    }
  });
});

test("another resolution changes the size, and keeps a grey image grey", () => {
  const grey = { ...images(3), pixels: new Uint8Array(5 * SIDE * SIDE * 3).fill(100) };
  for (const resolution of [2, 3, 7]) {
    const batch = makeBatch(some(grey, [1, 2]), [1, 2], resolution, plain);
    expect(batch).toHaveLength(2 * resolution * resolution * 3);
    batch.forEach((value) => expect(value).toBeCloseTo(100, 3));
  }
});

test("channels first is the same numbers, plane by plane", () => {
  const batch = makeBatch(some(images(3), [0, 1]), [0, 1], SIDE, plain);
  const planes = toChannelsFirst(batch, 2, 3);
  const at = (n: number, y: number, x: number, c: number): number => batch[((n * SIDE + y) * SIDE + x) * 3 + c]!;
  let i = 0;
  for (let n = 0; n < 2; n++)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) expect(planes[i++]).toBe(at(n, y, x, c));
  const grey = makeBatch(some(images(1), [0, 1]), [0, 1], SIDE, { mean: [0], std: [1] });
  expect(toChannelsFirst(grey, 2, 1)).toBe(grey);
});

test("augmentation shifts by at most its crop, fills with black, and mirrors about half of the images", () => {
  const one = images(1, 200);
  const normalization = { mean: [0], std: [1 / 255] };
  const all = Array.from({ length: one.count }, (_, i) => i);
  const batch = makeBatch(one, all, SIDE, normalization, { crop: 1, flip: true, key: ["test"] });
  const pixel = (image: number, y: number, x: number): number =>
    y < 0 || x < 0 || y >= SIDE || x >= SIDE ? 0 : one.pixels[(image * SIDE + y) * SIDE + x]!;
  const found = new Map<string, number>();
  for (const image of all) {
    const seen = [...batch.subarray(image * SIDE * SIDE, (image + 1) * SIDE * SIDE)].map(Math.round);
    const ways = [-1, 0, 1].flatMap((dy) =>
      [-1, 0, 1].flatMap((dx) => [false, true].map((flip) => ({ dy, dx, flip }))),
    );
    const way = ways.find(({ dy, dx, flip }) =>
      seen.every((value, i) => {
        const [y, x] = [Math.floor(i / SIDE), i % SIDE];
        return value === pixel(image, y + dy, (flip ? SIDE - 1 - x : x) + dx);
      }),
    );
    expect(way, `image ${image} is no shifted or mirrored one`).toBeDefined();
    const name = JSON.stringify(way);
    found.set(name, (found.get(name) ?? 0) + 1);
  }
  expect(found.size).toBe(18);
  const mirrored = [...found].filter(([name]) => name.includes("true")).reduce((sum, [, count]) => sum + count, 0);
  expect(Math.abs(mirrored - 100)).toBeLessThan(40);
});

test("a shift may be larger than the image, which is black then, and in colour", () => {
  const one = images(3, 60);
  const crop = SIDE + 3;
  const all = [...one.labels.keys()];
  const batch = makeBatch(one, all, SIDE, plain, { crop, flip: true, key: ["test"] });
  const floats = SIDE * SIDE * 3;
  const shifts = Array.from({ length: 2 * crop + 1 }, (_, i) => i - crop);
  const pixel = (image: number, y: number, x: number, c: number): number =>
    y < 0 || x < 0 || y >= SIDE || x >= SIDE ? 0 : one.pixels[((image * SIDE + y) * SIDE + x) * 3 + c]!;
  const isMoved = (image: number, dy: number, dx: number, mirror: boolean): boolean =>
    batch.subarray(image * floats, (image + 1) * floats).every((value, i) => {
      const [y, x, c] = [Math.floor(i / SIDE / 3), Math.floor(i / 3) % SIDE, i % 3];
      return Math.round(value) === pixel(image, y + dy, (mirror ? SIDE - 1 - x : x) + dx, c);
    });
  for (const image of all) {
    const found = shifts.some((dy) =>
      shifts.some((dx) => [false, true].some((mirror) => isMoved(image, dy, dx, mirror))),
    );
    expect(found, `image ${image}`).toBe(true);
  }
  const black = all.filter((image) =>
    batch.subarray(image * floats, (image + 1) * floats).every((value) => value === 0),
  );
  expect(black.length).toBeGreaterThan(10);
  expect(black.length).toBeLessThan(60);
});

test("an image's augmentation depends on the key and the image, not on its place in the batch", () => {
  const three = images(3, 9);
  const floats = SIDE * SIDE * 3;
  const augmentation = { crop: 2, flip: true };
  const batchOf = (indices: number[], step: number) =>
    makeBatch(some(three, indices), indices, SIDE, plain, { ...augmentation, key: [7, step] });
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 1 }), (indices) => {
      const batch = batchOf(indices, 1);
      indices.forEach((index, place) =>
        expect(batch.subarray(place * floats, (place + 1) * floats)).toEqual(batchOf([index], 1)),
      );
    }),
    { numRuns: 50 },
  );
  const all = [...three.labels.keys()];
  expect(batchOf(all, 1)).not.toEqual(batchOf(all, 2));
});
