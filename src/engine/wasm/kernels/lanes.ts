// Shared by all kernels: four float32 lanes, multiply-add in both builds, and the functions on them.
// Tensors are NHWC and tightly packed; every address is in bytes, every size in elements. Reads may run a few rows past
// a tensor's end (the arena has slack there); those values are never stored.

/** a · b + c: one instruction in the relaxed build. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * Minimum and maximum with a constant: `pmin` and `pmax` take one instruction; `min` and `max`, which order −0 and 0,
 * take five. A NaN in x stays.
 */
// @ts-ignore: decorator
@inline
function atMost(x: v128, high: f32): v128 {
  return f32x4.pmin(x, f32x4.splat(high));
}

// @ts-ignore: decorator
@inline
function atLeast(x: v128, low: f32): v128 {
  return f32x4.pmax(x, f32x4.splat(low));
}

/**
 * The sigmoid's constants, read from memory where they are used: V8 would rebuild literal constants in every iteration
 * of a loop, with three instructions each.
 */
const NUMBERS = memory.data<f32>([
  -1.4426950408889634, // −log2 e
  126, -126,
  12582912, // 1.5 · 2^23: adding it rounds to an integer, which is then in the low bits
  1.327647129073739e-3, 9.675540961325169e-3, 5.550713092088699e-2, 2.4022120237350464e-1, 6.931469440460205e-1, // 2^f
  1,
], 16);

// @ts-ignore: decorator
@inline
function number(index: usize): v128 {
  return v128.load32_splat(NUMBERS + (index << 2));
}

/** 2^t for |t| ≤ 126, to 2 ulp: t = n + f with |f| ≤ ½, a minimax polynomial for 2^f, n into the exponent. */
// @ts-ignore: decorator
@inline
function powerOfTwo4(t: v128): v128 {
  const rounded = f32x4.add(t, number(3));
  const f = f32x4.sub(t, f32x4.sub(rounded, number(3)));
  let p = madd(number(4), f, number(5));
  p = madd(p, f, number(6));
  p = madd(p, f, number(7));
  p = madd(p, f, number(8));
  p = madd(p, f, number(9));
  return i32x4.add(p, i32x4.shl(rounded, 23));
}

/** 1 / (1 + e^−x). */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const t = f32x4.pmax(f32x4.pmin(f32x4.mul(x, number(0)), number(1)), number(2));
  return f32x4.div(number(9), f32x4.add(number(9), powerOfTwo4(t)));
}

/** swish of eight values, as `activate4` computes it, reading each constant once for both halves. */
// @ts-ignore: decorator
@inline
export function storeSwish8(x0: v128, x1: v128, to: usize): void {
  let n = number(0);
  let t0 = f32x4.mul(x0, n), t1 = f32x4.mul(x1, n);
  n = number(1);
  t0 = f32x4.pmin(t0, n); t1 = f32x4.pmin(t1, n);
  n = number(2);
  t0 = f32x4.pmax(t0, n); t1 = f32x4.pmax(t1, n);
  n = number(3);
  const r0 = f32x4.add(t0, n), r1 = f32x4.add(t1, n);
  t0 = f32x4.sub(t0, f32x4.sub(r0, n)); t1 = f32x4.sub(t1, f32x4.sub(r1, n));
  n = number(4);
  let m = number(5);
  let p0 = madd(n, t0, m), p1 = madd(n, t1, m);
  n = number(6);
  p0 = madd(p0, t0, n); p1 = madd(p1, t1, n);
  n = number(7);
  p0 = madd(p0, t0, n); p1 = madd(p1, t1, n);
  n = number(8);
  p0 = madd(p0, t0, n); p1 = madd(p1, t1, n);
  n = number(9);
  p0 = madd(p0, t0, n); p1 = madd(p1, t1, n);
  p0 = i32x4.add(p0, i32x4.shl(r0, 23)); p1 = i32x4.add(p1, i32x4.shl(r1, 23));
  v128.store(to, f32x4.mul(x0, f32x4.div(n, f32x4.add(n, p0))));
  v128.store(to, f32x4.mul(x1, f32x4.div(n, f32x4.add(n, p1))), 16);
}

// @ts-ignore: decorator
@inline
function clamp4(x: v128, high: f32): v128 {
  return atMost(atLeast(x, 0), high);
}

/** Codes of `ActivationFunction`. */
export const IDENTITY = 0;
export const RELU = 1;
export const RELU6 = 2;
export const SWISH = 3;
export const HARD_SWISH = 4;
export const SIGMOID = 5;
export const HARD_SIGMOID = 6;

// @ts-ignore: decorator
@inline
export function activate4(code: i32, x: v128): v128 {
  if (code == RELU) return atLeast(x, 0);
  if (code == RELU6) return clamp4(x, 6);
  if (code == SWISH) return f32x4.mul(x, sigmoid4(x));
  if (code == SIGMOID) return sigmoid4(x);
  if (code == HARD_SIGMOID) return f32x4.mul(clamp4(f32x4.add(x, f32x4.splat(3)), 6), f32x4.splat(1.0 / 6.0));
  if (code == HARD_SWISH) {
    return f32x4.mul(x, f32x4.mul(clamp4(f32x4.add(x, f32x4.splat(3)), 6), f32x4.splat(1.0 / 6.0)));
  }
  return x;
}

/** Swish's derivative where y = swish(x) is known: the sigmoid is y / x (½ about 0), s + y · (1 − s) the derivative. */
// @ts-ignore: decorator
@inline
export function swishDerivative4(x: v128, y: v128): v128 {
  const apart = f32x4.gt(f32x4.abs(x), f32x4.splat(1e-6));
  const s = v128.bitselect(f32x4.div(y, x), f32x4.splat(0.5), apart);
  return madd(y, f32x4.sub(f32x4.splat(1), s), s);
}

/** The activation's derivative at x. */
// @ts-ignore: decorator
@inline
export function derivative4(code: i32, x: v128): v128 {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  if (code == RELU) return v128.and(f32x4.gt(x, zero), one);
  if (code == RELU6) return v128.and(v128.and(f32x4.gt(x, zero), f32x4.lt(x, f32x4.splat(6))), one);
  if (code == SWISH) return swishDerivative4(x, f32x4.mul(x, sigmoid4(x)));
  if (code == SIGMOID) {
    const s = sigmoid4(x);
    return f32x4.mul(s, f32x4.sub(one, s));
  }
  const inside = v128.and(f32x4.gt(x, f32x4.splat(-3)), f32x4.lt(x, f32x4.splat(3)));
  if (code == HARD_SIGMOID) return v128.and(inside, f32x4.splat(1.0 / 6.0));
  if (code == HARD_SWISH) {
    const slope = f32x4.mul(f32x4.add(f32x4.add(x, x), f32x4.splat(3)), f32x4.splat(1.0 / 6.0));
    return v128.bitselect(slope, v128.and(f32x4.ge(x, f32x4.splat(3)), one), inside);
  }
  return one;
}

/** Loads `count` (1 to 3) floats into the first lanes, zeros into the others. */
// @ts-ignore: decorator
@inline
export function loadPart(from: usize, count: i32): v128 {
  let v = f32x4.splat(0);
  v = f32x4.replace_lane(v, 0, load<f32>(from));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(from, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(from, 8));
  return v;
}

// @ts-ignore: decorator
@inline
export function storePart(to: usize, v: v128, count: i32): void {
  store<f32>(to, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(to, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(to, f32x4.extract_lane(v, 2), 8);
}

/**
 * Reads one value of each cache line of a block that will be read by columns: the processor prefetches along one run
 * through memory, not along many rows at once.
 */
export function prefetch(from: usize, bytes: usize): void {
  const end = from + bytes;
  for (; from < end; from += 64) load<f32>(from);
}
