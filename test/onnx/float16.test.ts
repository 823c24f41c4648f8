import { expect, test } from "vitest";
import { largestFloat16, toFloat16 } from "../../src/onnx/float16.js";

/** The numbers that halves stand for. */
const fromFloat16 = (halves: Uint16Array): Float32Array => Float32Array.from(halves, numberOf);

function numberOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(half >>> 10) & 0x1f, half & 0x3ff];
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** All finite halves that are not negative, in order: each has the next bits. */
const all = fromFloat16(Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits));

test("the halves are those of IEEE 754", () => {
  const known = [0, 2 ** -24, 2 ** -14, 1, 1 + 2 ** -10, 1 / 3, largestFloat16, Infinity];
  const bits = [0, 1, 0x400, 0x3c00, 0x3c01, 0x3555, 0x7bff, 0x7c00];
  expect([...toFloat16(Float32Array.from(known))]).toEqual(bits);
  expect([...toFloat16(Float32Array.of(-0, -1, -Infinity))]).toEqual([0x8000, 0xbc00, 0xfc00]);
  expect(fromFloat16(toFloat16(Float32Array.of(NaN)))[0]).toBeNaN();
  expect([...fromFloat16(Uint16Array.of(0xc000, 0x7c00))]).toEqual([-2, Infinity]);
});

test("every half is kept, with either sign", () => {
  expect(all.at(-1)).toBe(largestFloat16);
  expect(fromFloat16(toFloat16(all))).toEqual(all);
  expect(fromFloat16(toFloat16(all.map((value) => -value)))).toEqual(all.map((value) => -value));
});

test("between any two halves a number becomes the nearer one, and the even one from the middle", () => {
  const next = (value: number, step: 1 | -1): number => {
    const bits = new Uint32Array(Float32Array.of(value).buffer);
    bits[0]! += step;
    return new Float32Array(bits.buffer)[0]!;
  };
  const middles = all.map((value, i) => (value + (all[i + 1] ?? 65536)) / 2);
  expect([...toFloat16(middles)]).toEqual(Array.from(middles, (_, i) => i + (i % 2)));
  expect([...toFloat16(middles.map((value) => next(value, -1)))]).toEqual(Array.from(middles, (_, i) => i));
  expect([...toFloat16(middles.map((value) => next(value, 1)))]).toEqual(Array.from(middles, (_, i) => i + 1));
});
