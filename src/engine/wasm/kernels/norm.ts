// Batch norm over rows [M, C] with the activation and the residual sum behind it, forward and backward.
//
//   forward    y = f(x · scale + shift) (+ residual),  scale = γ / √(σ² + ε),  shift = β − μ · scale
//   backward   du = dy · f'(x · scale + shift);  dβ = Σ du;  dγ = Σ du · x̂
//              dx = scale · (du − dβ / M − x̂ · dγ / M),  x̂ = (x − μ) / √(σ² + ε)
//
// Sums run in float32 over short blocks of rows and in float64 over the blocks.
import { activate4, derivative4, loadPart, madd, storePart, swishDerivative4, HARD_SIGMOID, HARD_SWISH, IDENTITY, RELU, RELU6, SIGMOID, SWISH } from "./lanes";

/**
 * Floats of a block: all channels of a block of rows are summed while it lies in the L1 cache, so each cache line comes from memory
 * once whatever part of it a group of channels takes. Blocks of a few rows would spend their time on the float64 totals.
 */
const BLOCK_FLOATS = 4096, LEAST_ROWS = 16;

// @ts-ignore: decorator
@inline
function blockRows(C: i32): i32 {
  return max(LEAST_ROWS, BLOCK_FLOATS / C);
}

// @ts-ignore: decorator
@inline
function load4(from: usize, left: i32): v128 {
  return left >= 4 ? v128.load(from) : loadPart(from, left);
}

// @ts-ignore: decorator
@inline
function store4(to: usize, v: v128, left: i32): void {
  if (left >= 4) v128.store(to, v);
  else storePart(to, v, left);
}

/** totals[0..3] += v, in float64. */
// @ts-ignore: decorator
@inline
function addTotal(at: usize, v: v128): void {
  v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(v)));
  const high = i32x4.shuffle(v, v, 2, 3, 2, 3);
  v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(high)), 16);
}

/**
 * Mean and biased variance per channel, by sums of x − x[0], which loses no digits to a large mean.
 * @param totals scratch of 2 · C float64, C rounded up to fours
 */
export function statistics(M: i32, C: i32, x: usize, mean: usize, variance: usize, totals: usize): void {
  const P = (C + 3) & ~3, squares = totals + (<usize>P << 3), row = <usize>C << 2;
  memory.fill(totals, 0, <usize>P << 4);
  const step = blockRows(C);
  for (let m = 0; m < M; m += step) {
    const rows = min(step, M - m), from = x + row * m;
    let c = 0;
    for (; c + 8 <= C; c += 8) {
      const at = <usize>c << 2;
      statistics8(rows, row, from + at, x + at, totals + 2 * at, squares + 2 * at);
    }
    for (; c < C; c += 4) {
      const at = <usize>c << 2;
      statistics4(rows, row, from + at, x + at, C - c, totals + 2 * at, squares + 2 * at);
    }
  }
  for (let c: usize = 0; c < <usize>C; c++) {
    const d = load<f64>(totals + (c << 3)) / M;
    store<f32>(mean + (c << 2), <f32>(<f64>load<f32>(x + (c << 2)) + d));
    store<f32>(variance + (c << 2), <f32>max(0, load<f64>(squares + (c << 3)) / M - d * d));
  }
}

// @ts-ignore: decorator
@inline
function statistics8(rows: i32, row: usize, x: usize, first: usize, sums: usize, squares: usize): void {
  const o0 = v128.load(first), o1 = v128.load(first, 16);
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), q0 = f32x4.splat(0), q1 = f32x4.splat(0);
  for (; rows > 0; rows--) {
    const d0 = f32x4.sub(v128.load(x), o0), d1 = f32x4.sub(v128.load(x, 16), o1);
    s0 = f32x4.add(s0, d0); s1 = f32x4.add(s1, d1);
    q0 = madd(d0, d0, q0); q1 = madd(d1, d1, q1);
    x += row;
  }
  addTotal(sums, s0); addTotal(sums + 32, s1);
  addTotal(squares, q0); addTotal(squares + 32, q1);
}

// @ts-ignore: decorator
@inline
function statistics4(rows: i32, row: usize, x: usize, first: usize, left: i32, sums: usize, squares: usize): void {
  const o = load4(first, left);
  let s = f32x4.splat(0), q = f32x4.splat(0);
  for (; rows > 0; rows--) {
    const d = f32x4.sub(load4(x, left), o);
    s = f32x4.add(s, d);
    q = madd(d, d, q);
    x += row;
  }
  addTotal(sums, s);
  addTotal(squares, q);
}

/** scale and shift of every channel. */
export function scaleAndShift(C: i32, gamma: usize, beta: usize, mean: usize, variance: usize, epsilon: f32, scale: usize, shift: usize): void {
  for (let c: usize = 0; c < <usize>C << 2; c += 4) {
    const s = load<f32>(gamma + c) / sqrt<f32>(load<f32>(variance + c) + epsilon);
    store<f32>(scale + c, s);
    store<f32>(shift + c, load<f32>(beta + c) - load<f32>(mean + c) * s);
  }
}

/** y = f(x · scale + shift), plus `residual` where it is not 0. */
export function normalize(M: i32, C: i32, code: i32, x: usize, scale: usize, shift: usize, residual: usize, y: usize): void {
  if (code == IDENTITY) {
    if (residual) normalizeAdd(M, C, x, scale, shift, residual, y);
    else normalizeRows(M, C, IDENTITY, x, scale, shift, y);
  } else if (code == RELU) normalizeRows(M, C, RELU, x, scale, shift, y);
  else if (code == RELU6) normalizeRows(M, C, RELU6, x, scale, shift, y);
  else if (code == SWISH) normalizeRows(M, C, SWISH, x, scale, shift, y);
  else if (code == HARD_SWISH) normalizeRows(M, C, HARD_SWISH, x, scale, shift, y);
  else if (code == SIGMOID) normalizeRows(M, C, SIGMOID, x, scale, shift, y);
  else normalizeRows(M, C, HARD_SIGMOID, x, scale, shift, y);
}

// @ts-ignore: decorator
@inline
function normalizeRows(M: i32, C: i32, code: i32, x: usize, scale: usize, shift: usize, y: usize): void {
  const whole = <usize>(C & ~3) << 2, left = C & 3;
  for (let m = 0; m < M; m++) {
    for (let c: usize = 0; c < whole; c += 16) {
      v128.store(y + c, activate4(code, madd(v128.load(x + c), v128.load(scale + c), v128.load(shift + c))));
    }
    if (left) storePart(y + whole, activate4(code, madd(loadPart(x + whole, left), v128.load(scale + whole), v128.load(shift + whole))), left);
    x += <usize>C << 2; y += <usize>C << 2;
  }
}

function normalizeAdd(M: i32, C: i32, x: usize, scale: usize, shift: usize, residual: usize, y: usize): void {
  const whole = <usize>(C & ~3) << 2, left = C & 3;
  for (let m = 0; m < M; m++) {
    for (let c: usize = 0; c < whole; c += 16) {
      v128.store(y + c, f32x4.add(v128.load(residual + c), madd(v128.load(x + c), v128.load(scale + c), v128.load(shift + c))));
    }
    if (left) {
      const v = madd(loadPart(x + whole, left), v128.load(scale + whole), v128.load(shift + whole));
      storePart(y + whole, f32x4.add(loadPart(residual + whole, left), v), left);
    }
    x += <usize>C << 2; residual += <usize>C << 2; y += <usize>C << 2;
  }
}

/**
 * First pass backward: dy becomes du in place, dgamma and dbeta are added to. `b` and `k` (vectors of C) get what the second pass
 * needs: dx = scale · du + b · x + k. Of a swish y, what the forward pass put out, saves the exponential.
 * @param totals scratch as for `statistics`
 */
export function normGradientSums(M: i32, C: i32, code: i32, x: usize, y: usize, dy: usize, scale: usize, shift: usize, mean: usize, variance: usize, epsilon: f32, dgamma: usize, dbeta: usize, b: usize, k: usize, totals: usize): void {
  if (code == IDENTITY) sums(IDENTITY, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == RELU) sums(RELU, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == RELU6) sums(RELU6, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == SWISH) sums(SWISH, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == HARD_SWISH) sums(HARD_SWISH, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == SIGMOID) sums(SIGMOID, M, C, x, y, dy, scale, shift, mean, totals);
  else sums(HARD_SIGMOID, M, C, x, y, dy, scale, shift, mean, totals);
  finishGradient(M, C, scale, mean, variance, epsilon, dgamma, dbeta, b, k, totals);
}

/** totals: Σ du, then Σ du · (x − μ). */
// @ts-ignore: decorator
@inline
function sums(code: i32, M: i32, C: i32, x: usize, y: usize, dy: usize, scale: usize, shift: usize, mean: usize, totals: usize): void {
  const P = (C + 3) & ~3, products = totals + (<usize>P << 3), row = <usize>C << 2;
  memory.fill(totals, 0, <usize>P << 4);
  const step = blockRows(C);
  for (let m = 0; m < M; m += step) {
    const rows = min(step, M - m);
    let c = 0;
    for (; c + 8 <= C; c += 8) {
      const at = <usize>c << 2;
      sums8(code, rows, row, x + at, y + at, dy + at, scale + at, shift + at, mean + at, totals + 2 * at, products + 2 * at);
    }
    for (; c < C; c += 4) {
      const at = <usize>c << 2;
      sums4(code, rows, row, x + at, y + at, dy + at, scale + at, shift + at, mean + at, C - c, totals + 2 * at, products + 2 * at);
    }
    x += row * rows; y += row * rows; dy += row * rows;
  }
}

// @ts-ignore: decorator
@inline
function sums8(code: i32, rows: i32, row: usize, x: usize, y: usize, dy: usize, scale: usize, shift: usize, mean: usize, sums: usize, products: usize): void {
  const a0 = v128.load(scale), a1 = v128.load(scale, 16), h0 = v128.load(shift), h1 = v128.load(shift, 16);
  const m0 = v128.load(mean), m1 = v128.load(mean, 16);
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), q0 = f32x4.splat(0), q1 = f32x4.splat(0);
  for (; rows > 0; rows--) {
    const v0 = v128.load(x), v1 = v128.load(x, 16);
    let g0 = v128.load(dy), g1 = v128.load(dy, 16);
    if (code != IDENTITY) {
      const u0 = madd(v0, a0, h0), u1 = madd(v1, a1, h1);
      g0 = f32x4.mul(g0, code == SWISH ? swishDerivative4(u0, v128.load(y)) : derivative4(code, u0));
      g1 = f32x4.mul(g1, code == SWISH ? swishDerivative4(u1, v128.load(y, 16)) : derivative4(code, u1));
      v128.store(dy, g0); v128.store(dy, g1, 16);
    }
    s0 = f32x4.add(s0, g0); s1 = f32x4.add(s1, g1);
    q0 = madd(g0, f32x4.sub(v0, m0), q0); q1 = madd(g1, f32x4.sub(v1, m1), q1);
    x += row; y += row; dy += row;
  }
  addTotal(sums, s0); addTotal(sums + 32, s1);
  addTotal(products, q0); addTotal(products + 32, q1);
}

// @ts-ignore: decorator
@inline
function sums4(code: i32, rows: i32, row: usize, x: usize, y: usize, dy: usize, scale: usize, shift: usize, mean: usize, left: i32, sums: usize, products: usize): void {
  const a = load4(scale, left), h = load4(shift, left), mu = load4(mean, left);
  let s = f32x4.splat(0), q = f32x4.splat(0);
  for (; rows > 0; rows--) {
    const v = load4(x, left);
    let g = load4(dy, left);
    if (code != IDENTITY) {
      const u = madd(v, a, h);
      g = f32x4.mul(g, code == SWISH ? swishDerivative4(u, load4(y, left)) : derivative4(code, u));
      store4(dy, g, left);
    }
    s = f32x4.add(s, g);
    q = madd(g, f32x4.sub(v, mu), q);
    x += row; y += row; dy += row;
  }
  addTotal(sums, s);
  addTotal(products, q);
}

/** dbeta += Σ du, dgamma += Σ du·x̂; then b = −scale·dγ / (M·√(σ² + ε)) and k = −scale·dβ / M − b·μ. */
function finishGradient(M: i32, C: i32, scale: usize, mean: usize, variance: usize, epsilon: f32, dgamma: usize, dbeta: usize, b: usize, k: usize, totals: usize): void {
  const products = totals + (<usize>((C + 3) & ~3) << 3);
  for (let at: usize = 0; at < <usize>C << 2; at += 4) {
    const sum = load<f64>(totals + 2 * at);
    const inverse = 1.0 / sqrt<f64>(<f64>load<f32>(variance + at) + epsilon);
    const product = load<f64>(products + 2 * at) * inverse;
    store<f32>(dbeta + at, load<f32>(dbeta + at) + <f32>sum);
    store<f32>(dgamma + at, load<f32>(dgamma + at) + <f32>product);
    const s = <f64>load<f32>(scale + at);
    const slope = (-s * product * inverse) / M;
    store<f32>(b + at, <f32>slope);
    store<f32>(k + at, <f32>((-s * sum) / M - slope * load<f32>(mean + at)));
  }
}

/** Second pass: dx = scale · du + b · x + k. dx may be du. */
export function normGradient(M: i32, C: i32, x: usize, du: usize, scale: usize, b: usize, k: usize, dx: usize): void {
  const whole = <usize>(C & ~3) << 2, left = C & 3;
  for (let m = 0; m < M; m++) {
    for (let c: usize = 0; c < whole; c += 16) {
      v128.store(dx + c, madd(v128.load(du + c), v128.load(scale + c), madd(v128.load(x + c), v128.load(b + c), v128.load(k + c))));
    }
    if (left) {
      const rest = madd(loadPart(x + whole, left), v128.load(b + whole), v128.load(k + whole));
      storePart(dx + whole, madd(loadPart(du + whole, left), v128.load(scale + whole), rest), left);
    }
    x += <usize>C << 2; du += <usize>C << 2; dx += <usize>C << 2;
  }
}
