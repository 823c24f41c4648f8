import { expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import { fashionClasses } from "../../src/data/mnist.js";
import { splitTrainValidation } from "../../src/data/split.js";

const wishes = { size: 28, channels: 1 } as const;
const fashion = await loadDataset("fixtures/fashion-mnist", wishes);

const perClass = (labels: ArrayLike<number>): number[] => {
  const counts = Array<number>(10).fill(0);
  Array.from(labels).forEach((label) => counts[label]!++);
  return counts;
};

test("the fixture is 10,000 training and 2,000 test images, each class in equal shares", () => {
  expect(fashion.classes).toEqual(fashionClasses);
  expect(fashion.train).toMatchObject({ count: 10_000, height: 28, width: 28, channels: 1 });
  expect(fashion.test).toMatchObject({ count: 2_000, height: 28, width: 28, channels: 1 });
  expect(perClass(fashion.train.labels)).toEqual(Array(10).fill(1000));
  expect(perClass(fashion.test.labels)).toEqual(Array(10).fill(200));
});

test("mean and deviation are the training pixels' own", () => {
  const pixels = Float64Array.from(fashion.train.pixels, (pixel) => pixel / 255);
  const mean = pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
  const variance = pixels.reduce((sum, pixel) => sum + (pixel - mean) ** 2, 0) / pixels.length;
  expect(fashion.mean).toEqual([Math.round(mean * 1e4) / 1e4]);
  expect(fashion.std).toEqual([Math.round(Math.sqrt(variance) * 1e4) / 1e4]);
});

test("the fingerprint speaks of the content, not of where it lies", async () => {
  const again = await loadDataset("fashion-mnist:fixtures/fashion-mnist", wishes);
  expect(again.fingerprint).toBe(fashion.fingerprint);
  expect(again.name).not.toBe(fashion.name);
});

test("the validation part has each class in equal shares; its seed alone decides it", () => {
  const split = (seed: number, share = 0.1) => splitTrainValidation(fashion.train, { share, seed });
  const { train, validation } = split(3);
  expect(perClass([...validation].map((i) => fashion.train.labels[i]!))).toEqual(Array(10).fill(100));
  expect([...train, ...validation].sort((a, b) => a - b)).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  for (const part of [train, validation]) expect([...part]).toEqual([...part].sort((a, b) => a - b));
  expect(split(3)).toEqual({ train, validation });
  expect(split(4).validation).not.toEqual(validation);
  expect(split(3, 0.25).validation).toHaveLength(2500);
});

test("a small share still leaves an image of each class on both sides", () => {
  const labels = Uint16Array.from([0, 0, 1, 1, 1, 2, 2]);
  const images = { count: 7, height: 1, width: 1, channels: 1, pixels: new Uint8Array(7), labels } as const;
  for (const share of [0.001, 0.89]) {
    const { train, validation } = splitTrainValidation(images, { share, seed: 0 });
    for (const part of [train, validation])
      expect(new Set([...part].map((i) => labels[i]))).toEqual(new Set([0, 1, 2]));
  }
});
