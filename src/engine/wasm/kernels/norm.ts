// Batch norm over rows [M, C] with the activation and the residual sum behind it, forward and backward.
//
//   forward    y = f(x · scale + shift) (+ residual),  scale = γ / √(σ² + ε),  shift = β − μ · scale
//   backward   du = dy · f'(x · scale + shift);  dβ = Σ du;  dγ = Σ du · x̂
//              dx = scale · (du − dβ / M − x̂ · dγ / M),  x̂ = (x − μ) / √(σ² + ε)
//
// Sums run in float32 over short blocks of rows and in float64 over the blocks.
import { activate4, derivative4, loadPart, madd, storePart, HARD_SIGMOID, HARD_SWISH, IDENTITY, RELU, RELU6, SIGMOID, SWISH } from "./lanes";

const SUM_ROWS = 128;
/** Totals in float64 of up to 16 channels: sums, then second sums. */
const totals = memory.data(2 * 16 * 8, 16);

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

// @ts-ignore: decorator
@inline
function addTotal(slot: i32, v: v128): void {
  const at = totals + (slot << 5);
  v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(v)));
  const high = i32x4.shuffle(v, v, 2, 3, 2, 3);
  v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(high)), 16);
}

/** Mean and biased variance per channel, by sums of x − x[0], which loses no digits to a large mean. */
export function statistics(M: i32, C: i32, x: usize, mean: usize, variance: usize): void {
  let c = 0;
  for (; c + 16 <= C; c += 16) {
    statistics16(M, C, x + (c << 2));
    finish(16, M, x + (c << 2), mean + (c << 2), variance + (c << 2));
  }
  for (; c < C; c += 4) {
    statistics4(M, C, x + (c << 2), C - c);
    finish(min(4, C - c), M, x + (c << 2), mean + (c << 2), variance + (c << 2));
  }
}

function finish(count: i32, M: i32, x: usize, mean: usize, variance: usize): void {
  for (let i = 0; i < count; i++) {
    const d = load<f64>(totals + (i << 3)) / M;
    store<f32>(mean + (i << 2), <f32>(<f64>load<f32>(x + (i << 2)) + d));
    store<f32>(variance + (i << 2), <f32>max(0, load<f64>(totals + 128 + (i << 3)) / M - d * d));
  }
}

function statistics16(M: i32, C: i32, x: usize): void {
  memory.fill(totals, 0, 256);
  const row = <usize>C << 2;
  const o0 = v128.load(x), o1 = v128.load(x, 16), o2 = v128.load(x, 32), o3 = v128.load(x, 48);
  for (let block = 0; block < M; block += SUM_ROWS) {
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
    let q0 = f32x4.splat(0), q1 = f32x4.splat(0), q2 = f32x4.splat(0), q3 = f32x4.splat(0);
    for (let m = min(SUM_ROWS, M - block); m > 0; m--) {
      let d = f32x4.sub(v128.load(x), o0);
      s0 = f32x4.add(s0, d); q0 = madd(d, d, q0);
      d = f32x4.sub(v128.load(x, 16), o1);
      s1 = f32x4.add(s1, d); q1 = madd(d, d, q1);
      d = f32x4.sub(v128.load(x, 32), o2);
      s2 = f32x4.add(s2, d); q2 = madd(d, d, q2);
      d = f32x4.sub(v128.load(x, 48), o3);
      s3 = f32x4.add(s3, d); q3 = madd(d, d, q3);
      x += row;
    }
    addTotal(0, s0); addTotal(1, s1); addTotal(2, s2); addTotal(3, s3);
    addTotal(4, q0); addTotal(5, q1); addTotal(6, q2); addTotal(7, q3);
  }
}

function statistics4(M: i32, C: i32, x: usize, left: i32): void {
  memory.fill(totals, 0, 256);
  const row = <usize>C << 2;
  const o = load4(x, left);
  for (let block = 0; block < M; block += SUM_ROWS) {
    let s = f32x4.splat(0), q = f32x4.splat(0);
    for (let m = min(SUM_ROWS, M - block); m > 0; m--) {
      const d = f32x4.sub(load4(x, left), o);
      s = f32x4.add(s, d);
      q = madd(d, d, q);
      x += row;
    }
    addTotal(0, s);
    addTotal(4, q);
  }
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
 * First pass backward: dy becomes du in place, dgamma and dbeta are added to. Then `a`, `b`, `c` (vectors of C) hold what the
 * second pass needs: dx = a · du + b · x + c.
 */
export function normGradientSums(M: i32, C: i32, code: i32, x: usize, dy: usize, scale: usize, shift: usize, mean: usize, variance: usize, epsilon: f32, dgamma: usize, dbeta: usize, b: usize, k: usize): void {
  if (code == IDENTITY) sums(M, C, IDENTITY, x, dy, scale, shift, mean, variance, epsilon, dgamma, dbeta, b, k);
  else if (code == RELU) sums(M, C, RELU, x, dy, scale, shift, mean, variance, epsilon, dgamma, dbeta, b, k);
  else if (code == RELU6) sums(M, C, RELU6, x, dy, scale, shift, mean, variance, epsilon, dgamma, dbeta, b, k);
  else if (code == SWISH) sums(M, C, SWISH, x, dy, scale, shift, mean, variance, epsilon, dgamma, dbeta, b, k);
  else if (code == HARD_SWISH) sums(M, C, HARD_SWISH, x, dy, scale, shift, mean, variance, epsilon, dgamma, dbeta, b, k);
  else if (code == SIGMOID) sums(M, C, SIGMOID, x, dy, scale, shift, mean, variance, epsilon, dgamma, dbeta, b, k);
  else sums(M, C, HARD_SIGMOID, x, dy, scale, shift, mean, variance, epsilon, dgamma, dbeta, b, k);
}

// @ts-ignore: decorator
@inline
function sums(M: i32, C: i32, code: i32, x: usize, dy: usize, scale: usize, shift: usize, mean: usize, variance: usize, epsilon: f32, dgamma: usize, dbeta: usize, b: usize, k: usize): void {
  let c = 0;
  for (; c + 8 <= C; c += 8) {
    const at = <usize>c << 2;
    sums8(M, C, code, x + at, dy + at, scale + at, shift + at, mean + at);
    finishGradient(8, M, scale + at, mean + at, variance + at, epsilon, dgamma + at, dbeta + at, b + at, k + at);
  }
  for (; c < C; c += 4) {
    const at = <usize>c << 2;
    sums4(M, C, code, x + at, dy + at, scale + at, shift + at, mean + at, C - c);
    finishGradient(min(4, C - c), M, scale + at, mean + at, variance + at, epsilon, dgamma + at, dbeta + at, b + at, k + at);
  }
}

// @ts-ignore: decorator
@inline
function sums8(M: i32, C: i32, code: i32, x: usize, dy: usize, scale: usize, shift: usize, mean: usize): void {
  memory.fill(totals, 0, 256);
  const row = <usize>C << 2;
  const a0 = v128.load(scale), a1 = v128.load(scale, 16), h0 = v128.load(shift), h1 = v128.load(shift, 16);
  const m0 = v128.load(mean), m1 = v128.load(mean, 16);
  for (let block = 0; block < M; block += SUM_ROWS) {
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), q0 = f32x4.splat(0), q1 = f32x4.splat(0);
    for (let m = min(SUM_ROWS, M - block); m > 0; m--) {
      let v = v128.load(x);
      let g = v128.load(dy);
      if (code != IDENTITY) {
        g = f32x4.mul(g, derivative4(code, madd(v, a0, h0)));
        v128.store(dy, g);
      }
      s0 = f32x4.add(s0, g);
      q0 = madd(g, f32x4.sub(v, m0), q0);
      v = v128.load(x, 16);
      g = v128.load(dy, 16);
      if (code != IDENTITY) {
        g = f32x4.mul(g, derivative4(code, madd(v, a1, h1)));
        v128.store(dy, g, 16);
      }
      s1 = f32x4.add(s1, g);
      q1 = madd(g, f32x4.sub(v, m1), q1);
      x += row; dy += row;
    }
    addTotal(0, s0); addTotal(1, s1); addTotal(4, q0); addTotal(5, q1);
  }
}

// @ts-ignore: decorator
@inline
function sums4(M: i32, C: i32, code: i32, x: usize, dy: usize, scale: usize, shift: usize, mean: usize, left: i32): void {
  memory.fill(totals, 0, 256);
  const row = <usize>C << 2;
  const a = load4(scale, left), h = load4(shift, left), mu = load4(mean, left);
  for (let block = 0; block < M; block += SUM_ROWS) {
    let s = f32x4.splat(0), q = f32x4.splat(0);
    for (let m = min(SUM_ROWS, M - block); m > 0; m--) {
      const v = load4(x, left);
      let g = load4(dy, left);
      if (code != IDENTITY) {
        g = f32x4.mul(g, derivative4(code, madd(v, a, h)));
        store4(dy, g, left);
      }
      s = f32x4.add(s, g);
      q = madd(g, f32x4.sub(v, mu), q);
      x += row; dy += row;
    }
    addTotal(0, s); addTotal(4, q);
  }
}

/** dbeta += Σ du, dgamma += Σ du·x̂; then b = −scale·dγ / (M·√(σ² + ε)) and k = −scale·dβ / M − b·μ. */
function finishGradient(count: i32, M: i32, scale: usize, mean: usize, variance: usize, epsilon: f32, dgamma: usize, dbeta: usize, b: usize, k: usize): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    const sum = load<f64>(totals + (i << 3));
    const inverse = 1.0 / sqrt<f64>(<f64>load<f32>(variance + at) + epsilon);
    const product = load<f64>(totals + 128 + (i << 3)) * inverse;
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
