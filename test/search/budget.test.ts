import fc from "fast-check";
import { expect, test } from "vitest";
import { costUnder, mayMeet, meets, parseBudget, parseBudgets, refuseImpossible } from "../../src/search/budget.js";

test.each([
  ["latency=1.5ms", "latency", 1.5, "latency-1.5ms"],
  ["latency=250us", "latency", 0.25, "latency-250us"],
  ["latency=2s", "latency", 2000, "latency-2s"],
  ["latency@pi=12ms", "latency", 12, "latency-pi-12ms"],
  ["latency@http://pi:7300=12ms", "latency", 12, "latency-http-pi-7300-12ms"],
  ["latency@local:threads=2=1ms", "latency", 1, "latency-local-threads-2-1ms"],
  ["macs=5M", "macs", 5e6, "macs-5M"],
  ["macs=1.25G", "macs", 1.25e9, "macs-1.25G"],
  ["macs=800k", "macs", 8e5, "macs-800k"],
  ["parameters=100000", "parameters", 1e5, "parameters-100000"],
])("%s is read with its unit", (text, kind, limit, fileName) => {
  expect(parseBudget(text)).toMatchObject({ kind, text, fileName });
  expect(parseBudget(text).limit).toBeCloseTo(limit, 9);
});

test.each([
  "macs",
  "macs=",
  "macs=0",
  "macs=-5M",
  "macs=5ms",
  "latency=5",
  "latency=1.5M",
  "flops=3M",
  "macs=5M2",
  "macs=M",
  "macs@pi=5M",
  "latency@=5ms",
  `macs=${"9".repeat(400)}`,
  `macs=1.${"0".repeat(250)}M`,
])("%s is refused with a right example", (text) => {
  expect(() => parseBudget(text)).toThrow("want latency=1.5ms, macs=5M or parameters=100k");
});

test("a child that loses more by quantisation than it may meets no budget, whatever it costs", () => {
  const [budget] = parseBudgets(["macs=5M"]);
  expect([meets, mayMeet].map((test) => test(budget!, { macs: 1, parameters: 1 }))).toEqual([true, true]);
  const lossy = { macs: 1, parameters: 1, losesTooMuch: true } as const;
  expect([meets, mayMeet].map((test) => test(budget!, lossy))).toEqual([false, false]);
});

test("what was not measured meets no budget and is refused by none", () => {
  const latency = parseBudget("latency=1ms");
  expect(costUnder(latency, { macs: 1, parameters: 1 })).toBeUndefined();
  expect(meets(latency, { macs: 1, parameters: 1 })).toBe(false);
  expect(() => refuseImpossible([latency], { macs: 1, parameters: 1 })).not.toThrow();
});

test("a latency is of its target: others neither meet nor exceed its budget", () => {
  const [own, pi, phone] = ["latency=5ms", "latency@pi=12ms", "latency@phone=8ms"].map(parseBudget);
  const of = (latencyMs: number) => ({ latencyMs, latencyIntervalMs: [latencyMs - 1, latencyMs + 1] as const });
  const costs = { macs: 1, parameters: 1, ...of(6), otherLatencies: { pi: of(12.5), phone: of(7) } };
  expect([own, pi, phone].map((budget) => meets(budget!, costs))).toEqual([false, false, true]);
  expect([own, pi, phone].map((budget) => mayMeet(budget!, costs))).toEqual([true, true, true]);
  expect(mayMeet(parseBudget("latency@pi=11ms"), costs)).toBe(false);
  expect(costUnder(parseBudget("latency@tv=1ms"), costs)).toBeUndefined();
  expect(() => refuseImpossible([parseBudget("latency@pi=1ms")], costs)).toThrow(
    "Use --budget latency@pi=13.2ms or more",
  );
});

test("one limit on two targets is two budgets, on one target a mistake", () => {
  expect(parseBudgets(["latency=5ms", "latency@pi=5ms"])).toHaveLength(2);
  expect(() => parseBudgets(["latency@pi=5ms", "latency@pi=5000us"])).toThrow("a second time");
});

test("whatever the smallest child costs, the budget suggested is one that it meets, and little above", () => {
  // 5 % of room for latency, and three digits rounded up: 1 % where the first are 1.00.
  const above = 1.05 * 1.01;
  const cost = fc.double({ min: 1e-3, max: 1e11, noNaN: true });
  fc.assert(
    fc.property(fc.constantFrom("macs=1", "parameters=1", "latency=1us"), cost, (text, value) => {
      const budget = parseBudget(text);
      const exact = budget.kind === "latency" ? value / 1e3 : Math.ceil(value) + 1;
      const costs = { macs: exact, parameters: exact, latencyMs: exact };
      if (meets(budget, costs)) return;
      try {
        refuseImpossible([budget], costs);
        expect.unreachable();
      } catch (error) {
        const suggested = parseBudget(/Use --budget (\S+) or more/.exec((error as Error).message)![1]!);
        expect(meets(suggested, costs)).toBe(true);
        expect(suggested.limit).toBeLessThan(exact * above + 1);
      }
    }),
    {
      numRuns: 2000,
      examples: [
        ["latency=1us", 9619047.61904762],
        ["macs=1", 4059],
      ],
    },
  );
});
