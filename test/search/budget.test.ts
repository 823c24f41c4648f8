import fc from "fast-check";
import { expect, test } from "vitest";
import { costUnder, meets, parseBudget, refuseImpossible } from "../../src/search/budget.js";

test.each([
  ["latency=1.5ms", "latency", 1.5, "latency-1.5ms"],
  ["latency=250us", "latency", 0.25, "latency-250us"],
  ["latency=2s", "latency", 2000, "latency-2s"],
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
])("%s is refused with a right example", (text) => {
  expect(() => parseBudget(text)).toThrow("want latency=1.5ms, macs=5M or parameters=100k");
});

test("what was not measured meets no budget and is refused by none", () => {
  const latency = parseBudget("latency=1ms");
  expect(costUnder(latency, { macs: 1, parameters: 1 })).toBeUndefined();
  expect(meets(latency, { macs: 1, parameters: 1 })).toBe(false);
  expect(() => refuseImpossible([latency], { macs: 1, parameters: 1 })).not.toThrow();
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
