import { expect, test } from "vitest";
import { fitErrors } from "../../../src/search/profile/fit-errors.js";

const of = (...pairs: readonly (readonly [predictedMs: number, latencyMs: number])[]) =>
  fitErrors(pairs.map(([predictedMs, latencyMs]) => ({ predictedMs, latencyMs })));

test("errors by hand: 4, 8, −20 and 0 %", () => {
  const { within10, within5, relativeRmse, rmseMs, rankCorrelation } = of([1.04, 1], [2.16, 2], [2.4, 3], [5, 5]);
  expect([within10, within5]).toEqual([0.75, 0.5]);
  expect(relativeRmse).toBeCloseTo(Math.sqrt((0.04 ** 2 + 0.08 ** 2 + 0.2 ** 2) / 4), 12);
  expect(rmseMs).toBeCloseTo(Math.sqrt((0.04 ** 2 + 0.16 ** 2 + 0.6 ** 2) / 4), 12);
  expect(rankCorrelation).toBe(1);
});

test("the rank correlation is 1 in the same order, −1 in the other, and a pair that is swapped costs two pairs", () => {
  expect(of([1, 10], [2, 20], [3, 30]).rankCorrelation).toBe(1);
  expect(of([3, 10], [2, 20], [1, 30]).rankCorrelation).toBe(-1);
  expect(of([2, 10], [1, 20], [3, 30]).rankCorrelation).toBeCloseTo(1 / 3, 12);
});
