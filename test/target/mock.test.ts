import { expect, test } from "vitest";
import { mockTarget } from "../../src/target/mock.js";
import { targetConformance } from "./conformance.js";

const bytesOf = (name: string): Uint8Array => new TextEncoder().encode(name);

targetConformance("mock", {
  open: () =>
    mockTarget({
      msOf: () => 1.5,
      outputsOf: (input, _, bytes) => new Map([["logits", input.map((value) => value * bytes.length)]]),
      refuses: (bytes) => bytes.length === 0,
    }),
  models: [bytesOf("one"), bytesOf("other")],
  dims: [3, 2, 2],
  expected: async (input) => new Map([["logits", input.map((value) => value * "one".length)]]),
  refused: new Uint8Array(),
});

test("its clock is the sum of all runs; the script sees each model's count of runs, what ran before, and the clock", async () => {
  const target = mockTarget({ msOf: ({ streak, nowMs }) => (streak === 0 ? 4 : 1) * (nowMs < 6 ? 1 : 2) });
  const [a, b] = [await target.load(bytesOf("a")), await target.load(bytesOf("b"))];
  const time = async (model: typeof a, runs: number) => model.time(new Float32Array(1), [1], runs);
  expect([...(await time(a, 3)), ...(await time(b, 2)), ...(await time(a, 1))]).toEqual([4, 1, 1, 8, 2, 8]);
  expect(target.nowMs).toBe(24);
  expect(
    target.log.map(({ bytes, index, streak, nowMs }) => [String.fromCharCode(...bytes), index, streak, nowMs]),
  ).toEqual([
    ["a", 0, 0, 0],
    ["a", 1, 1, 4],
    ["a", 2, 2, 5],
    ["b", 0, 0, 6],
    ["b", 1, 1, 14],
    ["a", 3, 0, 16],
  ]);
  expect(target.loaded).toBe(2);
  await a.release();
  expect(target.loaded).toBe(1);
  await target.close();
  expect(target.loaded).toBe(0);
});
