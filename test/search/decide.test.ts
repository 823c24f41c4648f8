import { expect, test } from "vitest";
import { parseBudgets } from "../../src/search/budget.js";
import { matrixOf } from "../../src/search/cholesky.js";
import type { Judged } from "../../src/search/coarse-to-fine.js";
import { decide } from "../../src/search/decide.js";
import { finalists } from "../../src/search/final.js";

/** Children a, b, c … of 1, 2, 3 … M MACs, all in the final unless named, with independent beliefs. */
function state(means: readonly number[], deviation: number, out: readonly string[] = []) {
  const judged = means.map((_, i): Judged => {
    const id = String.fromCharCode(97 + i);
    return {
      ...{ id, architecture: { resolution: 8 }, macs: 1e6 * (i + 1), parameters: 1 },
      ...{ phase: "coarse", hits: new Uint8Array(8), softAccuracy: 0.5, inFinal: !out.includes(id) },
    };
  });
  const covariance = matrixOf(means.length, means.length, (i, j) => (i === j ? deviation ** 2 : 0));
  return { judged, belief: { mean: Float64Array.from(means), covariance } };
}

test("each budget gets a finalist that meets it; one that no finalist meets gets none", () => {
  const budgets = parseBudgets(["macs=100k", "macs=2M", "macs=3M"]);
  const found = decide(state([0.8, 0.85, 0.9], 0.001), budgets, ["a"]);
  expect(found.map(({ budget, id }) => [budget.text, id])).toEqual([
    ["macs=2M", "b"],
    ["macs=3M", "c"],
  ]);
  expect(decide(state([0.8, 0.85, 0.9], 0.001, ["c"]), budgets, ["a"]).map(({ id }) => id)).toEqual(["b", "b"]);
});

test("a budget that buys nothing says so: no better than the smallest child, or than what a cheaper budget gives", () => {
  const budgets = parseBudgets(["macs=3M", "macs=2M"]);
  const equal = decide(state([0.85, 0.85, 0.85], 0.01), budgets, ["a"]);
  expect(equal.map(({ id, noBetterThan }) => [id, noBetterThan])).toEqual([
    ["a", "smallest"],
    ["a", "smallest"],
  ]);
  const flat = decide(state([0.8, 0.9, 0.9], 0.001), budgets, ["a"]);
  expect(flat.map(({ id, noBetterThan }) => [id, noBetterThan])).toEqual([
    ["b", "macs=2M"],
    ["b", undefined],
  ]);
});

test("of a child's precisions the cheapest that meets the budget is the smallest that others must beat, and at one cost the more accurate wins", () => {
  const { judged, belief } = state([0.8, 0.7, 0.9, 0.91], 0.001);
  const ids = ["a.float32", "a.int8-x64", "b.float32", "b.int8-x64"];
  const named = judged.map((child, i) => ({ ...child, id: ids[i]!, macs: i < 2 ? 1e6 : 2e6, latencyMs: 4 - i }));
  const smallest = ["a.float32", "a.int8-x64"];
  const [byMacs, byLatency] = decide({ judged: named, belief }, parseBudgets(["macs=2M", "latency=3.5ms"]), smallest);
  expect([byMacs!.id, byLatency!.id]).toEqual(["b.int8-x64", "b.int8-x64"]);
  const worse = { ...belief, mean: Float64Array.of(0.8, 0.7, 0.91, 0.9) };
  expect(decide({ judged: named, belief: worse }, parseBudgets(["macs=2M"]), smallest)[0]!.id).toBe("b.float32");
});

test("a finalist comes with its other precisions that may meet a budget", () => {
  const { belief } = state([0.7, 0.7, 0.95, 0.8, 0.8, 0.75], 0.001);
  const ids = ["a.float32", "a.int8-x64", "b.float32", "b.int8-x64", "c.float32", "c.int8-x64"];
  const ends = ids.slice(0, 2);
  expect(finalists(ids, belief, [ids.map(() => true)], ends)).toEqual([0, 1, 2, 3]);
  expect(finalists(ids, belief, [ids.map((id) => id !== "b.int8-x64")], ends)).toEqual([0, 1, 2]);
});

test("the final holds the smallest child and the likely winners of each budget, and nobody who can't win", () => {
  const { belief } = state([0.7, 0.9, 0.9, 0.8, 0.95], 0.001);
  const ids = ["a", "b", "c", "d", "e"];
  const all = ids.map(() => true);
  expect(finalists(ids, belief, [all], ["a"])).toEqual([0, 4]);
  expect(finalists(ids, belief, [all, ids.map((id) => id !== "e")], ["a"])).toEqual([0, 1, 2, 4]);
});
