/** How `npm run bench -- latency` compares sessions. */
import { expect, test } from "vitest";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

interface Pairs {
  readonly differences: (figures: readonly number[]) => number;
  readonly coverage: (
    sessions: readonly { readonly figure: number; readonly interval: readonly [number, number] }[],
  ) => number;
}
const { differences, coverage } = (await import(pathToFileURL(resolve("bench/latency/pairs.mjs")).href)) as Pairs;

test("95 % of pairs differ by at most: of 21 sessions' 210 pairs, the 200th", () => {
  expect(differences([2, 2.5])).toBeCloseTo(0.25, 12);
  // 20 equal sessions and one twice as slow: 190 pairs agree, 20 don't.
  expect(differences([...Array<number>(20).fill(3), 6])).toBe(1);
  // From 41 sessions, 780 of 820 pairs agree, more than 95 %.
  expect(differences([...Array<number>(40).fill(3), 6])).toBe(0);
});

test("coverage counts each pair both ways: whose interval contains whose figure", () => {
  const session = (figure: number, half: number) => ({ figure, interval: [figure - half, figure + half] as const });
  expect(coverage([session(3, 0.5), session(3.4, 0.1)])).toBe(0.5);
  expect(coverage([session(3, 0.5), session(3.4, 0.5), session(9, 1)])).toBeCloseTo(2 / 6, 12);
});
