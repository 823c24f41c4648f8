import { expect, test } from "vitest";
import { collectRounds } from "../../src/evaluate/rounds.js";
import { bootstrapMedian } from "../../src/evaluate/statistics.js";

test("a round counts by its median, p50 by the rounds' median, p90 and min by single runs", () => {
  const rounds = collectRounds(["a", "b"], 1, 0);
  // One run in each round is an outlier of 100 ms; the fifth round is slow as a whole.
  for (const base of [1, 2, 3, 4, 50]) rounds.add([1, 1, 9], [[base, base + 0.25, base + 0.5, base, 100], [7]]);
  expect(rounds.count).toBe(5);
  const [a, b] = rounds.latencies();
  expect(a).toEqual({
    ...{ name: "a", p50Ms: 3.25, p90Ms: 100, minMs: 1, rounds: 5, runs: 25, anchorSpread: 0 },
    intervalMs: bootstrapMedian([1.25, 2.25, 3.25, 4.25, 50.25], 0),
  });
  expect(b).toMatchObject({ p50Ms: 7, intervalMs: [7, 7], p90Ms: 7, runs: 5 });
});

test("each round is normalised by its own anchor; the fastest run is as it was", () => {
  const rounds = collectRounds(["a"], 2, 0);
  // The anchor takes 2 ms when nothing disturbs: the second round is twice as slow, the third half.
  rounds.add([2], [[6]]);
  rounds.add([4], [[12]]);
  rounds.add([1], [[3]]);
  expect(rounds.latencies()).toEqual([
    { name: "a", p50Ms: 6, intervalMs: [6, 6], p90Ms: 6, minMs: 3, rounds: 3, runs: 3, anchorSpread: 1.5 },
  ]);
});

test("narrow is when every model's half interval is below the share of its median", () => {
  const rounds = collectRounds(["quiet", "noisy"], 1, 0);
  for (let i = 0; i < 9; i++) rounds.add([1], [[5], [10 + i]]);
  const [low, high] = rounds.latencies()[1]!.intervalMs;
  const share = (high - low) / 2 / 14;
  expect(rounds.isNarrow(share * 1.001)).toBe(true);
  expect(rounds.isNarrow(share * 0.999)).toBe(false);
});
