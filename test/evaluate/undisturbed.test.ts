import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { repeatabilityOf, undisturbed } from "../../src/evaluate/undisturbed.js";

const rounds = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 400 });

test("it is the 1 % quantile by the nearest rank: the fastest of up to 100 rounds, the second of 101 to 200", () => {
  const from = (count: number): number[] => Array.from({ length: count }, (_, i) => count - i);
  expect([1, 2, 100, 101, 200, 201, 1000].map((count) => undisturbed(from(count)))).toEqual([1, 1, 1, 2, 2, 3, 10]);
  expect(undisturbed([])).toBeNaN();
});

test("noise that only slows never lowers it, and it is one of the rounds", () => {
  fc.assert(
    fc.property(rounds, fc.array(fc.double({ min: 0, max: 50, noNaN: true })), (times, noise) => {
      const figure = undisturbed(times);
      expect(times).toContain(figure);
      expect(undisturbed(times.map((ms, i) => ms + (noise[i] ?? 0)))).toBeGreaterThanOrEqual(figure);
    }),
  );
});

test("whatever slows up to 99 of 100 rounds, by however much, changes nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.double({ min: 1, max: 1e6, noNaN: true }), (hundreds, slower) => {
      const times = Array.from({ length: 100 * hundreds }, (_, i) => (i % 100 === 42 ? 3 : 3 * slower));
      expect(undisturbed(times)).toBe(3);
    }),
  );
});

test("a machine twice as slow takes twice as long, whatever the noise", () => {
  fc.assert(
    fc.property(rounds, (times) => {
      expect(undisturbed(times.map((ms) => 2 * ms))).toBe(2 * undisturbed(times));
    }),
  );
});

test("loads that agree leave what processes differ by: 1 % and 1.5 µs, 10 µs in few rounds; one load leaves 5 %; below the clock nothing is known", () => {
  expect(repeatabilityOf([[0, 0], [0]], 0)).toBe(1);
  expect(repeatabilityOf([[3, 3, 3]], 0)).toBe(0.05);
  expect(repeatabilityOf([[3, 30, 30, 30]], 0)).toBeGreaterThan(1);
  const rounds = (count: number, ms: number): number[] => Array<number>(count).fill(ms);
  expect(repeatabilityOf(Array<number[]>(12).fill([...rounds(20, 3), 5]), 0)).toBeCloseTo(0.01 + 0.0015 / 3, 12);
  expect(repeatabilityOf(Array<number[]>(10).fill(rounds(25, 0.05)), 0)).toBeCloseTo(0.04, 12);
  expect(repeatabilityOf(Array<number[]>(10).fill(rounds(24, 0.05)), 0)).toBeCloseTo(0.21, 12);
});

test("it follows from the seed, and loads that disagree more make it wider", () => {
  const loads = (spread: number): number[][] =>
    Array.from({ length: 12 }, (_, load) => {
      const draw = random("loads", load);
      return Array.from({ length: 20 }, () => 3 * (1 + spread * draw.next()));
    });
  const widths = [0.1, 0.5, 2].map((spread) => repeatabilityOf(loads(spread), 0));
  expect(widths).toEqual([...widths].sort((a, b) => a - b));
  expect(repeatabilityOf(loads(2), 0)).toBe(widths[2]);
  expect(repeatabilityOf(loads(2), 1)).not.toBe(widths[2]);
});

test("sessions whose loads have a level of their own: 95 % of pairs differ by no more than said, and not much less", () => {
  const sessions = Array.from({ length: 60 }, (_, session) => {
    const loads = Array.from({ length: 12 }, (_, load) => {
      const draw = random("sessions", session, load);
      const level = 3 * (1 + 0.05 * draw.next());
      return Array.from({ length: 40 }, () => level * (1 + 0.2 * draw.next()));
    });
    return { figure: undisturbed(loads.flat()), repeatability: repeatabilityOf(loads, session) };
  });
  const pairs = sessions.flatMap((a, i) => sessions.slice(i + 1).map((b) => [a, b] as const));
  const held = pairs.filter(([a, b]) => Math.abs(a.figure - b.figure) <= a.repeatability * a.figure).length;
  expect(held / pairs.length).toBeGreaterThan(0.9);
});
