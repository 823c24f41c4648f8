// Batch norm over rows [M, C] with the activation or residual sum after it, forward and backward.
//
//   forward    y = f(x · scale + shift) (+ residual),  scale = γ / √(σ² + ε),  shift = β − μ · scale
//   backward   du = dy · f'(x · scale + shift);  dβ = Σ du;  dγ = Σ du · x̂
//              dx = scale · (du − dβ / M − x̂ · dγ / M),  x̂ = (x − μ) / √(σ² + ε)
//
// Sums run in float32 over short blocks of rows and in float64 over the blocks.
import { activate4, derivative4, loadPart, madd, prefetch, storePart, storeSwish8, swishDerivative4, HARD_SIGMOID, HARD_SWISH, IDENTITY, RELU, RELU6, SIGMOID, SWISH } from "./lanes";

/**
 * Floats of a block of rows: as many as the L1 cache holds while `statistics` reads it by columns. With blocks of only
 * a few rows, the float64 totals would dominate the time.
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

/** totals += the sums of a block of rows, in float64. */
function addTotals(bytes: usize, block: usize, totals: usize): void {
  for (let c: usize = 0; c < bytes; c += 16) addTotal(totals + 2 * c, v128.load(block + c));
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
 * Mean and biased variance per channel, from sums of x − x[0], so that a large mean costs no digits.
 * @param totals scratch of 2 · C float64, C rounded up to fours
 */
export function statistics(M: i32, C: i32, x: usize, mean: usize, variance: usize, totals: usize): void {
  const P = (C + 3) & ~3, squares = totals + (<usize>P << 3), row = <usize>C << 2;
  memory.fill(totals, 0, <usize>P << 4);
  const step = blockRows(C);
  for (let m = 0; m < M; m += step) {
    const rows = min(step, M - m), from = x + row * m;
    prefetch(from, row * rows);
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

/** y = f(x · scale + shift), plus `residual` if its address is not 0. */
export function normalize(M: i32, C: i32, code: i32, x: usize, scale: usize, shift: usize, residual: usize, y: usize): void {
  if (code == IDENTITY) {
    if (residual) normalizeAdd(M, C, x, scale, shift, residual, y);
    else normalizeRows(M, C, IDENTITY, x, scale, shift, y);
  } else if (code == RELU) normalizeRows(M, C, RELU, x, scale, shift, y);
  else if (code == RELU6) normalizeRows(M, C, RELU6, x, scale, shift, y);
  else if (code == SWISH) normalizeRows(M, C, SWISH, x, scale, shift, y);
  else if (code == HARD_SWISH) normalizeRows(M, C, HARD_SWISH, x, scale, shift, y);
  else if (code == SIGMOID) normalizeRows(M, C, SIGMOID, x, scale, shift, y);
  else if (code == HARD_SIGMOID) normalizeRows(M, C, HARD_SIGMOID, x, scale, shift, y);
  else unreachable();
}

// @ts-ignore: decorator
@inline
function normalizeRows(M: i32, C: i32, code: i32, x: usize, scale: usize, shift: usize, y: usize): void {
  const whole = <usize>(C & ~3) << 2, left = C & 3;
  for (let m = 0; m < M; m++) {
    let c: usize = 0;
    if (code == SWISH) {
      for (; c + 32 <= whole; c += 32) {
        storeSwish8(
          madd(v128.load(x + c), v128.load(scale + c), v128.load(shift + c)),
          madd(v128.load(x + c, 16), v128.load(scale + c, 16), v128.load(shift + c, 16)),
          y + c,
        );
      }
    }
    for (; c < whole; c += 16) {
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
 * First backward pass: turns dy into du in place, adds to dgamma and dbeta, and writes `slope` and `offset` (vectors of
 * C) for the second pass: dx = scale · du + slope · x + offset. For swish, y (the forward pass's output) saves
 * computing the exponential.
 * @param totals scratch of 2 · C float64 and 2 · C float32, C rounded up to fours
 */
export function normGradientSums(M: i32, C: i32, code: i32, x: usize, y: usize, dy: usize, scale: usize, shift: usize, mean: usize, variance: usize, epsilon: f32, dgamma: usize, dbeta: usize, slope: usize, offset: usize, totals: usize): void {
  if (code == IDENTITY) sums(IDENTITY, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == RELU) sums(RELU, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == RELU6) sums(RELU6, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == SWISH) sums(SWISH, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == HARD_SWISH) sums(HARD_SWISH, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == SIGMOID) sums(SIGMOID, M, C, x, y, dy, scale, shift, mean, totals);
  else if (code == HARD_SIGMOID) sums(HARD_SIGMOID, M, C, x, y, dy, scale, shift, mean, totals);
  else unreachable();
  finishGradient(M, C, scale, mean, variance, epsilon, dgamma, dbeta, slope, offset, totals);
}

/**
 * totals: Σ du, then Σ du · (x − μ). Three tensors at once exceed the L1 cache when read by columns, so this goes
 * through pairs of rows and keeps a block's sums in memory.
 */
// @ts-ignore: decorator
@inline
function sums(code: i32, M: i32, C: i32, x: usize, y: usize, dy: usize, scale: usize, shift: usize, mean: usize, totals: usize): void {
  const P = <usize>((C + 3) & ~3) << 2, products = totals + 2 * P, block = products + 2 * P, row = <usize>C << 2;
  memory.fill(totals, 0, 4 * P);
  const step = blockRows(C);
  for (let m = 0; m < M; m += step) {
    let rows = min(step, M - m);
    memory.fill(block, 0, 2 * P);
    for (; rows >= 2; rows -= 2) {
      sumRows(code, 2, C, x, y, dy, scale, shift, mean, block, block + P);
      x += 2 * row; y += 2 * row; dy += 2 * row;
    }
    if (rows) {
      sumRows(code, 1, C, x, y, dy, scale, shift, mean, block, block + P);
      x += row; y += row; dy += row;
    }
    addTotals(P, block, totals);
    addTotals(P, block + P, products);
  }
}

// @ts-ignore: decorator
@inline
function sumRows(code: i32, rows: i32, C: i32, x: usize, y: usize, dy: usize, scale: usize, shift: usize, mean: usize, sums: usize, products: usize): void {
  const row = <usize>C << 2, whole = row & ~15, left = C & 3;
  for (let c: usize = 0; c < whole; c += 16) {
    const a = v128.load(scale + c), h = v128.load(shift + c), mu = v128.load(mean + c);
    const v0 = v128.load(x + c);
    let g0 = v128.load(dy + c);
    if (code != IDENTITY) {
      g0 = f32x4.mul(g0, slope4(code, madd(v0, a, h), y + c));
      v128.store(dy + c, g0);
    }
    let s = f32x4.add(v128.load(sums + c), g0), q = madd(g0, f32x4.sub(v0, mu), v128.load(products + c));
    if (rows == 2) {
      const v1 = v128.load(x + row + c);
      let g1 = v128.load(dy + row + c);
      if (code != IDENTITY) {
        g1 = f32x4.mul(g1, slope4(code, madd(v1, a, h), y + row + c));
        v128.store(dy + row + c, g1);
      }
      s = f32x4.add(s, g1); q = madd(g1, f32x4.sub(v1, mu), q);
    }
    v128.store(sums + c, s); v128.store(products + c, q);
  }
  if (left) {
    for (let r = 0; r < rows; r++) {
      const at = <usize>r * row + whole, v = loadPart(x + at, left);
      let g = loadPart(dy + at, left);
      if (code != IDENTITY) {
        g = f32x4.mul(g, slope4(code, madd(v, v128.load(scale + whole), v128.load(shift + whole)), y + at));
        storePart(dy + at, g, left);
      }
      v128.store(sums + whole, f32x4.add(v128.load(sums + whole), g));
      v128.store(products + whole, madd(g, f32x4.sub(v, v128.load(mean + whole)), v128.load(products + whole)));
    }
  }
}

/** The activation's derivative at u; `y` is its output. */
// @ts-ignore: decorator
@inline
function slope4(code: i32, u: v128, y: usize): v128 {
  return code == SWISH ? swishDerivative4(u, v128.load(y)) : derivative4(code, u);
}

/** dbeta += Σ du, dgamma += Σ du·x̂; then slope = −scale·dγ / (M·√(σ² + ε)) and offset = −scale·dβ / M − slope·μ. */
function finishGradient(M: i32, C: i32, scale: usize, mean: usize, variance: usize, epsilon: f32, dgamma: usize, dbeta: usize, slope: usize, offset: usize, totals: usize): void {
  const products = totals + (<usize>((C + 3) & ~3) << 3);
  for (let at: usize = 0; at < <usize>C << 2; at += 4) {
    const sum = load<f64>(totals + 2 * at);
    const inverse = 1.0 / sqrt<f64>(<f64>load<f32>(variance + at) + epsilon);
    const product = load<f64>(products + 2 * at) * inverse;
    store<f32>(dbeta + at, load<f32>(dbeta + at) + <f32>sum);
    store<f32>(dgamma + at, load<f32>(dgamma + at) + <f32>product);
    const s = <f64>load<f32>(scale + at);
    const factor = (-s * product * inverse) / M;
    store<f32>(slope + at, <f32>factor);
    store<f32>(offset + at, <f32>((-s * sum) / M - factor * load<f32>(mean + at)));
  }
}

/** Second pass: dx = scale · du + slope · x + offset. dx may be du. */
export function normGradient(M: i32, C: i32, x: usize, du: usize, scale: usize, slope: usize, offset: usize, dx: usize): void {
  const whole = <usize>(C & ~3) << 2, left = C & 3;
  for (let m = 0; m < M; m++) {
    for (let c: usize = 0; c < whole; c += 16) {
      v128.store(dx + c, madd(v128.load(du + c), v128.load(scale + c), madd(v128.load(x + c), v128.load(slope + c), v128.load(offset + c))));
    }
    if (left) {
      const rest = madd(loadPart(x + whole, left), v128.load(slope + whole), v128.load(offset + whole));
      storePart(dx + whole, madd(loadPart(du + whole, left), v128.load(scale + whole), rest), left);
    }
    x += <usize>C << 2; du += <usize>C << 2; dx += <usize>C << 2;
  }
}
