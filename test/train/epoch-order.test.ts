import { expect, test } from "vitest";
import { epochOrder } from "../../src/train/epoch-order.js";

/** 100 images of class 0, 10 of class 1, 3 of class 2; every second image is none of the training's. */
const labels = Array.from({ length: 226 }, (_, i) => (i < 200 ? 0 : i < 220 ? 1 : 2));
const images = Uint32Array.from({ length: 113 }, (_, i) => 2 * i);

const orderOf = (sampling: "even" | "balanced", epoch = 0, seed = 1): number[] => [
  ...epochOrder(images, labels, { sampling, seed, epoch }),
];
const timesOf = (order: readonly number[]): Map<number, number> =>
  order.reduce((times, index) => times.set(index, (times.get(index) ?? 0) + 1), new Map<number, number>());

test("even: every training image once, in another order each epoch", () => {
  const sorted = orderOf("even").sort((a, b) => a - b);
  expect(sorted).toEqual([...images]);
  expect(orderOf("even", 1)).not.toEqual(orderOf("even", 0));
});

test("balanced: as many of every class, and none of a class more than once oftener than another", () => {
  for (const epoch of [0, 1, 2]) {
    const order = orderOf("balanced", epoch);
    expect(order).toHaveLength(images.length);
    const times = timesOf(order);
    const perClass = [0, 1, 2].map((label) => order.filter((index) => labels[index] === label).length);
    expect([...perClass].sort()).toEqual([37, 38, 38]);
    for (const label of [0, 1, 2]) {
      const own = [...images].filter((index) => labels[index] === label).map((index) => times.get(index) ?? 0);
      expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
    }
  }
});

test("balanced: the order depends on seed and epoch alone, and mixes the classes", () => {
  expect(orderOf("balanced", 3)).toEqual(orderOf("balanced", 3));
  expect(orderOf("balanced", 3)).not.toEqual(orderOf("balanced", 4));
  expect(orderOf("balanced", 3)).not.toEqual(orderOf("balanced", 3, 2));
  const first = orderOf("balanced").slice(0, 30);
  expect(new Set(first.map((index) => labels[index])).size).toBe(3);
});

test("over epochs all images of the largest class come", () => {
  const seen = new Set(Array.from({ length: 30 }, (_, epoch) => orderOf("balanced", epoch)).flat());
  expect(seen.size).toBe(images.length);
});
