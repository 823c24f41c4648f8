// Matrix products by register tiles of 8 columns. V8 allots 15 of x64's 16 vector registers: 2 hold a row of B, 1 a
// value of A and, if multiply-add is two instructions, 1 a product. So 12 sums fit in the relaxed build and 10 in the
// other (12 would spill and take 1.35× the time). Loops are not unrolled: that made V8 spill as well (1.2 to 1.5× the
// time).
import { madd, prefetch } from "./lanes";

/** Width of a panel of B, and of a register tile. */
export const PANEL_COLUMNS = 8;
const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
/** Rows of A that stay in the L2 cache while the loop passes over all of B. */
const ROW_BLOCK = 16 * TILE_ROWS;
/** Rows summed in registers before they are added to memory, which keeps both operands of the filter gradient in L2. */
const SUM_BLOCK = 192;

const tile = memory.data(6 * PANEL_COLUMNS * 4, 16);

/** B [K, N] → panels [ceil(N / 8)][K][8], zero padded. `transposed`: B is given as [N, K]. */
export function packPanels(K: i32, N: i32, b: usize, transposed: i32, to: usize): void {
  const rowStep = transposed ? 1 : N, columnStep = transposed ? K : 1, row = <usize>K << 2;
  for (let n = 0; n < N; n += PANEL_COLUMNS) {
    const width = min(PANEL_COLUMNS, N - n);
    let k = 0;
    if (width == PANEL_COLUMNS && transposed) {
      for (; k + 4 <= K; k += 4) {
        const from = b + row * n + (k << 2);
        transpose4(from, row, to);
        transpose4(from + 4 * row, row, to + 16);
        to += 128;
      }
    } else if (width == PANEL_COLUMNS) {
      for (; k < K; k++) {
        const from = b + ((k * N + n) << 2);
        storeRow(to, v128.load(from), v128.load(from, 16));
        to += 32;
      }
    }
    for (; k < K; k++) {
      for (let j = 0; j < width; j++) store<f32>(to + (j << 2), load<f32>(b + ((k * rowStep + (n + j) * columnStep) << 2)));
      for (let j = width; j < PANEL_COLUMNS; j++) store<f32>(to + (j << 2), 0);
      to += 32;
    }
  }
}

/** Four values of each of four rows, as four columns of a panel. */
// @ts-ignore: decorator
@inline
function transpose4(from: usize, row: usize, to: usize): void {
  const r0 = v128.load(from), r1 = v128.load(from + row), r2 = v128.load(from + 2 * row), r3 = v128.load(from + 3 * row);
  const a = i32x4.shuffle(r0, r1, 0, 4, 1, 5), b = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const c = i32x4.shuffle(r0, r1, 2, 6, 3, 7), d = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(a, b, 0, 2)); v128.store(to, i64x2.shuffle(a, b, 1, 3), 32);
  v128.store(to, i64x2.shuffle(c, d, 0, 2), 64); v128.store(to, i64x2.shuffle(c, d, 1, 3), 96);
}

/** C [M, N] = A [M, K] · B (+= if `accumulate`), with B in panels. */
export function matmul(M: i32, N: i32, K: i32, a: usize, panels: usize, c: usize, accumulate: i32): void {
  for (let block = 0; block < M; block += ROW_BLOCK) {
    const end = min(M, block + ROW_BLOCK);
    for (let n = 0; n < N; n += PANEL_COLUMNS) {
      for (let m = block; m < end; m += TILE_ROWS) {
        rowTile(m, min(TILE_ROWS, M - m), min(PANEL_COLUMNS, N - n), M, N, K, a, panels + ((n * K) << 2), c + ((m * N + n) << 2), accumulate);
      }
    }
  }
}

function rowTile(m: i32, rows: i32, columns: i32, M: i32, N: i32, K: i32, a: usize, b: usize, c: usize, accumulate: i32): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0), c50 = f32x4.splat(0), c51 = f32x4.splat(0);
  // Rows past the end repeat the last one and are not stored.
  const last = M - 1;
  let p0 = a + ((m * K) << 2), p1 = a + ((min(m + 1, last) * K) << 2), p2 = a + ((min(m + 2, last) * K) << 2);
  let p3 = a + ((min(m + 3, last) * K) << 2), p4 = a + ((min(m + 4, last) * K) << 2), p5 = a + ((min(m + 5, last) * K) << 2);
  for (let k = 0; k < K; k++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(p0);
    c00 = madd(x, b0, c00); c01 = madd(x, b1, c01);
    x = v128.load32_splat(p1);
    c10 = madd(x, b0, c10); c11 = madd(x, b1, c11);
    x = v128.load32_splat(p2);
    c20 = madd(x, b0, c20); c21 = madd(x, b1, c21);
    x = v128.load32_splat(p3);
    c30 = madd(x, b0, c30); c31 = madd(x, b1, c31);
    x = v128.load32_splat(p4);
    c40 = madd(x, b0, c40); c41 = madd(x, b1, c41);
    if (TILE_ROWS > 5) {
      x = v128.load32_splat(p5);
      c50 = madd(x, b0, c50); c51 = madd(x, b1, c51);
      p5 += 4;
    }
    b += 32; p0 += 4; p1 += 4; p2 += 4; p3 += 4; p4 += 4;
  }
  const step = <usize>N << 2;
  if (rows == TILE_ROWS && columns == PANEL_COLUMNS) {
    if (accumulate) {
      addRow(c, c00, c01); addRow(c + step, c10, c11); addRow(c + 2 * step, c20, c21);
      addRow(c + 3 * step, c30, c31); addRow(c + 4 * step, c40, c41);
      if (TILE_ROWS > 5) addRow(c + 5 * step, c50, c51);
    } else {
      storeRow(c, c00, c01); storeRow(c + step, c10, c11); storeRow(c + 2 * step, c20, c21);
      storeRow(c + 3 * step, c30, c31); storeRow(c + 4 * step, c40, c41);
      if (TILE_ROWS > 5) storeRow(c + 5 * step, c50, c51);
    }
    return;
  }
  storeRow(tile, c00, c01); storeRow(tile + 32, c10, c11); storeRow(tile + 64, c20, c21);
  storeRow(tile + 96, c30, c31); storeRow(tile + 128, c40, c41);
  if (TILE_ROWS > 5) storeRow(tile + 160, c50, c51);
  storePartOfTile(rows, columns, c, step, accumulate);
}

/** C [K, N] += Aᵀ · B with A [M, K], B [M, N]: the filter gradient. */
export function matmulTransposedA(M: i32, N: i32, K: i32, a: usize, b: usize, c: usize): void {
  for (let block = 0; block < M; block += SUM_BLOCK) {
    const rows = min(SUM_BLOCK, M - block);
    prefetch(a + ((block * K) << 2), (rows * K) << 2);
    prefetch(b + ((block * N) << 2), (rows * N) << 2);
    for (let k = 0; k < K; k += TILE_ROWS) {
      for (let n = 0; n < N; n += PANEL_COLUMNS) {
        sumTile(rows, min(TILE_ROWS, K - k), min(PANEL_COLUMNS, N - n), N, K, a + ((block * K + k) << 2), b + ((block * N + n) << 2), c + ((k * N + n) << 2));
      }
    }
  }
}

function sumTile(count: i32, rows: i32, columns: i32, N: i32, K: i32, a: usize, b: usize, c: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0), c50 = f32x4.splat(0), c51 = f32x4.splat(0);
  const stepA = <usize>K << 2, stepB = <usize>N << 2;
  for (let m = 0; m < count; m++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00); c01 = madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = madd(x, b0, c10); c11 = madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = madd(x, b0, c20); c21 = madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = madd(x, b0, c30); c31 = madd(x, b1, c31);
    x = v128.load32_splat(a, 16);
    c40 = madd(x, b0, c40); c41 = madd(x, b1, c41);
    if (TILE_ROWS > 5) {
      x = v128.load32_splat(a, 20);
      c50 = madd(x, b0, c50); c51 = madd(x, b1, c51);
    }
    a += stepA; b += stepB;
  }
  if (rows == TILE_ROWS && columns == PANEL_COLUMNS) {
    addRow(c, c00, c01); addRow(c + stepB, c10, c11); addRow(c + 2 * stepB, c20, c21);
    addRow(c + 3 * stepB, c30, c31); addRow(c + 4 * stepB, c40, c41);
    if (TILE_ROWS > 5) addRow(c + 5 * stepB, c50, c51);
    return;
  }
  storeRow(tile, c00, c01); storeRow(tile + 32, c10, c11); storeRow(tile + 64, c20, c21);
  storeRow(tile + 96, c30, c31); storeRow(tile + 128, c40, c41);
  if (TILE_ROWS > 5) storeRow(tile + 160, c50, c51);
  storePartOfTile(rows, columns, c, stepB, 1);
}

// @ts-ignore: decorator
@inline
function storeRow(to: usize, low: v128, high: v128): void {
  v128.store(to, low); v128.store(to, high, 16);
}

// @ts-ignore: decorator
@inline
function addRow(to: usize, low: v128, high: v128): void {
  v128.store(to, f32x4.add(v128.load(to), low)); v128.store(to, f32x4.add(v128.load(to, 16), high), 16);
}

function storePartOfTile(rows: i32, columns: i32, c: usize, step: usize, accumulate: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const to = c + i * step + (j << 2);
      const value = load<f32>(tile + ((i * PANEL_COLUMNS + j) << 2));
      store<f32>(to, accumulate ? load<f32>(to) + value : value);
    }
  }
}
