// The two passes of Pillow's resampling (src/libImaging/Resample.c), in 22 bits of fixed point, for pillow-resize.ts. Every address is in bytes.
// Taps of a position: its first source pixel, how many it reads, and `most` weights. Reads may run 16 bytes past an array's end, writes 16
// bytes past a row's: what is there is written after, or never read.

const BITS = 22;
const HALF = 1 << (BITS - 1);

/** 16 bytes at most, clamped from four sums each: how Pillow's clip8 cuts what overshoots. */
// @ts-ignore: decorator
@inline
function bytesOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a, BITS), i32x4.shr_s(b, BITS));
  const high = i16x8.narrow_i32x4_s(i32x4.shr_s(c, BITS), i32x4.shr_s(d, BITS));
  return i8x16.narrow_i16x8_u(low, high);
}

/** Rows of pixels, resized in width: x [rows, width, C] → y [rows, positions, C]; C is 1 or 3. */
export function resizeColumns(
  rows: i32,
  width: i32,
  C: i32,
  x: usize,
  positions: i32,
  firsts: usize,
  counts: usize,
  weights: usize,
  most: i32,
  y: usize,
): void {
  for (let row = 0; row < rows; row++, x += width * C) {
    for (let p = 0; p < positions; p++, y += C) {
      const end = weights + ((p * most + load<i32>(counts + (p << 2))) << 2);
      let from = x + load<i32>(firsts + (p << 2)) * C;
      if (C == 1) {
        let sum = HALF;
        for (let at = weights + ((p * most) << 2); at < end; at += 4) sum += load<u8>(from++) * load<i32>(at);
        store<u8>(y, max(0, min(255, sum >> BITS)));
        continue;
      }
      let sum = i32x4.splat(HALF);
      for (let at = weights + ((p * most) << 2); at < end; at += 4, from += 3) {
        const pixel = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(from)));
        sum = i32x4.add(sum, i32x4.mul(pixel, v128.load32_splat(at)));
      }
      v128.store32_lane(y, bytesOf(sum, sum, sum, sum), 0);
    }
  }
}

/** Rows of `bytes` bytes, resized in height: x [rows, bytes] → y [positions, bytes]; the first row is the first that is read. */
export function resizeRows(
  bytes: i32,
  x: usize,
  positions: i32,
  firsts: usize,
  counts: usize,
  weights: usize,
  most: i32,
  y: usize,
): void {
  const top = load<i32>(firsts);
  for (let p = 0; p < positions; p++, y += bytes) {
    const begin = weights + ((p * most) << 2);
    const end = begin + (load<i32>(counts + (p << 2)) << 2);
    const row = x + (load<i32>(firsts + (p << 2)) - top) * bytes;
    for (let i = 0; i < bytes; i += 16) {
      let a = i32x4.splat(HALF), b = a, c = a, d = a;
      for (let at = begin, from = row + i; at < end; at += 4, from += bytes) {
        const weight = v128.load32_splat(at), pixels = v128.load(from);
        const low = i16x8.extend_low_i8x16_u(pixels), high = i16x8.extend_high_i8x16_u(pixels);
        a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight));
        b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight));
        c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight));
        d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight));
      }
      v128.store(y + i, bytesOf(a, b, c, d));
    }
  }
}
