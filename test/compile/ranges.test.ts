import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { layouts } from "../../src/compile/layouts.js";
import { quantizationOf, rangeMethods, type Seen } from "../../src/compile/ranges.js";

const seen = (numbers: readonly number[]): Seen => {
  const sample = Float32Array.from(numbers).sort();
  return { smallest: sample[0]!, largest: sample.at(-1)!, sample };
};
const unsigned = layouts.x64.activations;
const rangeBy = (method: string, of: Seen) => rangeMethods.get(method)!(of, unsigned);

test("a range is widened to hold 0, and 0 is one of its 256 numbers", () => {
  const type = "uint8";
  expect(quantizationOf([0, 51], unsigned)).toEqual({ type, scale: Math.fround(0.2), zeroPoint: 0 });
  expect(quantizationOf([2, 51], unsigned)).toEqual({ type, scale: Math.fround(0.2), zeroPoint: 0 });
  expect(quantizationOf([-51, -2], unsigned)).toEqual({ type, scale: Math.fround(0.2), zeroPoint: 255 });
  expect(quantizationOf([-1, 4], unsigned)).toEqual({ type, scale: Math.fround(5 / 255), zeroPoint: 51 });
  expect(quantizationOf([0, 0], unsigned)).toEqual({ type, scale: 1, zeroPoint: 0 });
});

test("with signs the same numbers lie 128 lower; symmetric ones have 0 in their middle", () => {
  const [signed, symmetric] = [layouts.arm.activations, layouts.tensorrt.activations];
  const type = "int8";
  expect(quantizationOf([0, 51], signed)).toEqual({ type, scale: Math.fround(0.2), zeroPoint: -128 });
  expect(quantizationOf([-1, 4], signed)).toEqual({ type, scale: Math.fround(5 / 255), zeroPoint: -77 });
  expect(quantizationOf([-1, 4], symmetric)).toEqual({ type, scale: Math.fround(4 / 127), zeroPoint: 0 });
  expect(quantizationOf([-4, 1], symmetric)).toEqual({ type, scale: Math.fround(4 / 127), zeroPoint: 0 });
  expect(quantizationOf([0, 0], symmetric)).toEqual({ type, scale: 1, zeroPoint: 0 });
});

test("min-max takes all, the percentile leaves out the rarest, least squares what costs the others more than it", () => {
  const draw = random(1, "ranges");
  const numbers = Array.from({ length: 40_000 }, () => draw.normal());
  const outlier = seen([...numbers, 1000]);
  expect(rangeBy("min-max", outlier)[1]).toBe(1000);
  expect(rangeBy("percentile", outlier)[1]).toBeLessThan(5);
  // One of 1,000 in 40,000 of about 1: keeping most of it costs all others more.
  expect(rangeBy("least-squares", seen([...numbers, 60]))[1]).toBeLessThan(60);
  const even = seen(Array.from({ length: 1000 }, (_, i) => i / 999));
  expect(rangeBy("least-squares", even)).toEqual([0, 1]);
});
