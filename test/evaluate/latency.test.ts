/** The latency protocol, exact on a mock whose times are scripted; one test at the end asks the real clock. */
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { anchor } from "../../src/evaluate/anchor.js";
import { openLatencyBench, withLatencyBench, type LatencyOptions } from "../../src/evaluate/latency.js";
import type { Latency } from "../../src/evaluate/rounds.js";
import { localTarget } from "../../src/target/local.js";
import type { MockRun, MockTarget } from "../../src/target/mock.js";
import { machine, nameOf, named, visitsOf, type Script } from "./machine.js";

const measure = (target: MockTarget, names: readonly string[], options: LatencyOptions = {}): Promise<Latency[]> =>
  withLatencyBench(target, options, (bench) => bench.measure(names.map(named)));

/** Runs of the last measurement without warming up: its rounds. */
async function roundsOf(
  target: MockTarget,
  names: readonly string[],
  options: LatencyOptions = {},
): Promise<MockRun[]> {
  const [{ rounds } = { rounds: 0 }] = await measure(target, names, options);
  return target.log.slice(-rounds * 11 * (names.length + 1));
}

test("models that always take the same: that is the median, the interval is a point, and seven rounds of ten are enough", async () => {
  const exact = (name: string, ms: number): Latency => ({
    ...{ name, p50Ms: ms, intervalMs: [ms, ms], p90Ms: ms, minMs: ms, rounds: 7, runs: 70, anchorSpread: 0 },
  });
  const target = machine({ a: 3, b: 0.5 });
  await withLatencyBench(target, {}, async (bench) => {
    expect(bench).toMatchObject({ target: "mock", anchorMs: 2, environment: { cpu: "mock" } });
    expect(await bench.measure(["a", "b"].map(named))).toEqual([exact("a", 3), exact("b", 0.5)]);
    expect(await bench.measure([named("b")])).toEqual([exact("b", 0.5)]);
  });
});

test("each model warms up for ten runs and 100 ms, whatever takes longer; the anchor first of all", async () => {
  const target = machine({ slow: 50, fast: 0.5, anchor: 2 });
  const rounds = await roundsOf(target, ["slow", "fast"]);
  const warmUps = target.log.slice(0, -rounds.length).map(nameOf);
  // The bench opens with seven rounds of the anchor alone.
  expect(warmUps.slice(0, 50 + 7 * 11)).toEqual(Array(50 + 7 * 11).fill("anchor"));
  const rest = warmUps.slice(50 + 7 * 11);
  expect(rest).toEqual([...Array<string>(10).fill("slow"), ...Array<string>(200).fill("fast")]);
});

test.each([10, 0.1])("the run after another model's is not counted, were it %f × as long", async (factor) => {
  const first =
    (ms: number): Script =>
    ({ streak }) =>
      streak === 0 ? factor * ms : ms;
  const found = await measure(machine({ a: first(3), b: first(1), anchor: first(2) }), ["a", "b"]);
  expect(found.map(({ p50Ms, p90Ms, minMs }) => [p50Ms, p90Ms, minMs])).toEqual([
    [3, 3, 3],
    [1, 1, 1],
  ]);
});

test("a machine 1.8 × slower than when the bench was opened: the anchor cancels it", async () => {
  let slowdown = 1;
  const target = machine({ a: () => 3 * slowdown, anchor: () => 2 * slowdown });
  await withLatencyBench(target, {}, async (bench) => {
    for (slowdown of [1.8, 1, 0.6]) {
      const [a] = await bench.measure([named("a")]);
      expect(a!.p50Ms).toBeCloseTo(3, 12);
      expect(a!.p90Ms).toBeCloseTo(3, 12);
      // As it was, and named so.
      expect(a!.minMs).toBe(3 * slowdown);
    }
  });
});

test("a machine that is 1.8 × slower for 600 of every 800 ms, rounds cut in two by it: the median is exact, the spread tells", async () => {
  const slowdown = (nowMs: number): number => (nowMs % 800 < 200 ? 1 : 1.8);
  const target = machine({ a: ({ nowMs }) => 3 * slowdown(nowMs), anchor: ({ nowMs }) => 2 * slowdown(nowMs) });
  const bench = await openLatencyBench(target, { precision: 0 });
  // Four of the seven rounds that the bench opens with lie in the fast time.
  expect(bench.anchorMs).toBe(2);
  const [a] = await bench.measure([named("a")]);
  expect(a!.p50Ms).toBeCloseTo(3, 12);
  expect(a!.anchorSpread).toBeCloseTo(0.8 / 1.8, 12);
  expect(a!.minMs).toBe(3);
});

test("what slows a model alone is its latency: no anchor takes it away", async () => {
  let slowdown = 1;
  const target = machine({ a: () => 3 * slowdown });
  await withLatencyBench(target, {}, async (bench) => {
    slowdown = 1.8;
    expect((await bench.measure([named("a")]))[0]!.p50Ms).toBeCloseTo(5.4, 12);
  });
});

/** A model of about 3 ms whose rounds differ, always in the same way. */
const noisy = (share: number): Script => {
  return ({ index }) => 3 * (1 + share * (random("noise", Math.floor(index / 11)).next() - 0.5));
};
const halfWidth = ({ p50Ms, intervalMs: [low, high] }: Latency): number => (high - low) / 2 / p50Ms;

test("rounds continue until every interval's half width is below 1 % of its median, and not one longer", async () => {
  const scripts = { quiet: 1, noisy: noisy(0.06) };
  const found = await measure(machine(scripts), ["quiet", "noisy"]);
  const { rounds } = found[1]!;
  expect(found[0]!.rounds).toBe(rounds);
  expect(rounds).toBeGreaterThan(7);
  expect(rounds).toBeLessThan(30);
  expect(halfWidth(found[1]!)).toBeLessThan(0.01);
  const shorter = await measure(machine(scripts), ["quiet", "noisy"], { maxRounds: rounds - 1 });
  expect(shorter[1]!.rounds).toBe(rounds - 1);
  expect(halfWidth(shorter[1]!)).toBeGreaterThanOrEqual(0.01);
});

test.each([
  ["at least 7 rounds", {}, 0, 7],
  ["at most 30", {}, 0.5, 30],
  ["as few as were asked for", { minRounds: 3 }, 0, 3],
  ["as many as were asked for", { precision: 0, maxRounds: 9 }, 0.5, 9],
  ["as wide as was asked for", { precision: 1e9 }, 0.5, 7],
])("%s", async (_, options, noise, rounds) => {
  const [a] = await measure(machine({ a: noisy(noise) }), ["a"], options);
  expect([a!.rounds, a!.runs]).toEqual([rounds, 10 * rounds]);
});

test("a round visits every model and the anchor once, eleven runs each, in fresh order; the order follows from the seed", async () => {
  const orders = async (seed: number): Promise<string[]> => {
    const target = machine({ a: 3, b: 2 });
    const visits = visitsOf(await roundsOf(target, ["a", "b"], { seed, precision: 0 }));
    const rounds = Array.from({ length: visits.length / 3 }, (_, round) => visits.slice(3 * round, 3 * round + 3));
    for (const round of rounds) expect([...round].sort()).toEqual(["a", "anchor", "b"]);
    return rounds.map((round) => round.join());
  };
  const first = await orders(0);
  expect(first).toHaveLength(30);
  // All six orders of three, each about as often.
  expect(new Set(first).size).toBe(6);
  expect(await orders(0)).toEqual(first);
  expect(await orders(1)).not.toEqual(first);
});

test("a second measurement of a bench draws other orders, so that no order repeats the same advantage", async () => {
  const target = machine({ a: 3, b: 2 });
  await withLatencyBench(target, {}, async (bench) => {
    const orderOf = async (): Promise<string> => {
      await bench.measure(["a", "b"].map(named));
      return visitsOf(target.log.slice(-7 * 33)).join();
    };
    expect(await orderOf()).not.toBe(await orderOf());
  });
});

test("every model is released: after measuring, when one is refused, when a run fails, and when the anchor fails", async () => {
  let broken = "";
  const fails =
    (name: string): Script =>
    () => {
      if (broken === name) throw new Error(`${name} fails`);
      return 2;
    };
  const target = machine({ a: fails("a"), anchor: fails("anchor") });
  const bench = await openLatencyBench(target);
  expect(target.loaded).toBe(1);
  await bench.measure(["a", "a", "b"].map(named));
  await expect(bench.measure(["a", "refused"].map(named))).rejects.toThrow("refused by the mock");
  broken = "a";
  await expect(bench.measure(["b", "a"].map(named))).rejects.toThrow("a fails");
  expect(target.loaded).toBe(1);
  await bench.close();
  expect(target.loaded).toBe(0);
  await expect(withLatencyBench(target, {}, (opened) => opened.measure([named("a")]))).rejects.toThrow("a fails");
  broken = "anchor";
  await expect(openLatencyBench(target)).rejects.toThrow("anchor fails");
  expect(target.loaded).toBe(0);
});

test("on this machine's own clock the anchor as a candidate takes about what the anchor took", async () => {
  await withLatencyBench(localTarget(), {}, async (bench) => {
    const [itself] = await bench.measure([{ name: "anchor", ...anchor() }]);
    expect(bench.environment).toMatchObject({ threads: 1, executionProvider: "cpu", node: process.version });
    expect(Math.abs(itself!.p50Ms / bench.anchorMs - 1)).toBeLessThan(Math.max(0.5, 2 * itself!.anchorSpread));
    expect(itself!.intervalMs[0]).toBeLessThanOrEqual(itself!.p50Ms);
    expect(itself!.intervalMs[1]).toBeGreaterThanOrEqual(itself!.p50Ms);
  });
});
