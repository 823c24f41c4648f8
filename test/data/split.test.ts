import { expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import { splitTrainValidation } from "../../src/data/split.js";

const fashion = await loadDataset("fixtures/fashion-mnist", { size: 28, channels: 1 });

const perClass = (labels: ArrayLike<number>): number[] => {
  const counts = Array<number>(10).fill(0);
  Array.from(labels).forEach((label) => counts[label]!++);
  return counts;
};

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
