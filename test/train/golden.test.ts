import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

type Step = Record<"step" | "learningRate" | "gradientNorm" | "biggest" | "smallest" | "random", number>;

/** Other vector extensions round otherwise, and a step carries the last one's rounding on. */
const TOLERANCE = 0.02;

test("a tiny space's loss curve on engine wasm is the golden one (npm run golden, where a change of it is meant)", () => {
  const golden = JSON.parse(readFileSync("fixtures/golden/loss-curve.json", "utf8")) as Step[];
  const found = JSON.parse(
    execFileSync(process.execPath, ["scripts/golden.mjs"], { stdio: "pipe" }).toString(),
  ) as Step[];
  expect(found.map(({ step }) => step)).toEqual(golden.map(({ step }) => step));
  found.forEach((step, i) => {
    expect(step.learningRate).toBeCloseTo(golden[i]!.learningRate, 12);
    for (const key of ["biggest", "smallest", "random"] as const) {
      // The first steps hang on nothing but the code; from there rounding grows.
      const tolerance = i < 5 ? 1e-4 : TOLERANCE;
      expect(Math.abs(step[key] / golden[i]![key] - 1), `${key} at step ${step.step}`).toBeLessThan(tolerance);
    }
  });
});

test("the golden curve is one of a run that learns: every role's loss falls", () => {
  const golden = JSON.parse(readFileSync("fixtures/golden/loss-curve.json", "utf8")) as Step[];
  for (const key of ["biggest", "smallest", "random"] as const) {
    const mean = (steps: Step[]): number => steps.reduce((sum, step) => sum + step[key], 0) / steps.length;
    expect(mean(golden.slice(-10))).toBeLessThan(mean(golden.slice(0, 10)) - 0.3);
  }
});
