import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { median } from "../../../src/evaluate/statistics.js";
import { polish, type Figure } from "../../../src/search/profile/polish.js";

const CHILDREN = 20;
const PASSES = 8;

/** Passes over all children in two sessions each, every session at a speed of its own. */
function figuresOf(seed: number, disturbed: (draw: number) => number): { figures: Figure[]; truth: number[] } {
  const draw = random("polish", seed);
  const truth = Array.from({ length: CHILDREN }, () => 0.05 + draw.next());
  const speeds = Array.from({ length: 2 * PASSES }, () => 1 + 0.5 * draw.next());
  const figures = Array.from({ length: PASSES }, (_, pass) =>
    truth.map((ms, child) => {
      const session = 2 * pass + draw.integer(2);
      return { child, session, ms: ms * speeds[session]! * disturbed(draw.next()) };
    }),
  ).flat();
  return { figures, truth };
}
/** How far the outermost ratio of found to true lies from the middle. */
const worst = (found: readonly number[], truth: readonly number[]): number => {
  const ratios = found.map((ms, i) => ms / truth[i]!);
  return Math.max(...ratios.map((ratio) => Math.abs(ratio / median(ratios) - 1)));
};

test("the speeds of sessions fall out: children compare exactly, whichever sessions they were in", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { figures, truth } = figuresOf(seed, () => 1);
      const { latenciesMs, noise } = polish(figures);
      expect(worst(latenciesMs, truth)).toBeLessThan(0.002);
      expect(noise).toBeLessThan(0.001);
    }),
    { numRuns: 40 },
  );
});

test("one figure in ten disturbed to twice or thrice its time hardly moves any child", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { figures, truth } = figuresOf(seed, (draw) => (draw < 0.05 ? 2 : draw < 0.1 ? 3 : 1));
      const { latenciesMs } = polish(figures);
      const off = latenciesMs.map((ms, i) => ms / truth[i]!);
      expect(off.filter((ratio) => Math.abs(ratio / median(off) - 1) < 0.05).length).toBeGreaterThan(0.7 * CHILDREN);
    }),
    { numRuns: 40 },
  );
});

test("the stated noise is what latencies are off by: within a factor of 1.6 of it, on average", () => {
  const runs = Array.from({ length: 30 }, (_, seed) => {
    const draw = random("normal", seed);
    const { figures, truth } = figuresOf(seed, () => Math.exp(0.03 * draw.normal()));
    const { latenciesMs, noise } = polish(figures);
    const logs = latenciesMs.map((ms, i) => Math.log(ms / truth[i]!));
    const middle = median(logs);
    return { noise, seen: Math.sqrt(logs.reduce((sum, log) => sum + (log - middle) ** 2, 0) / CHILDREN) };
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const ratio = mean(runs.map(({ seen }) => seen)) / mean(runs.map(({ noise }) => noise));
  expect(ratio).toBeGreaterThan(1 / 1.6);
  expect(ratio).toBeLessThan(1.6);
});
