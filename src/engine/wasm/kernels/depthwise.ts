// Depthwise convolution: lanes are channels; each image is first copied with zero padding, so that no inner loop
// handles a border. Channels come in fours; the plan pads other counts (`padChannels`).
import { madd } from "./lanes";

/** One image [size, size, C] into the middle of [size + 2·pad, …, C]; the border must be zero already. */
function padImage(size: i32, C: i32, pad: i32, x: usize, to: usize): void {
  const row = <usize>(size * C) << 2, step = <usize>((size + 2 * pad) * C) << 2;
  to += step * pad + (<usize>(pad * C) << 2);
  for (let y = 0; y < size; y++) {
    memory.copy(to, x, row);
    to += step; x += row;
  }
}

/**
 * y = depthwise(padded image), in tiles of 4 outputs of a row, so that each tap is loaded once per tile. At stride 1
 * the outputs share pixels, so for common kernels each pixel is loaded once too.
 */
function image(width: i32, C: i32, k: i32, stride: i32, out: i32, padded: usize, w: usize, y: usize, accumulate: i32): void {
  const pixel = <usize>C << 2, row = pixel * width, hop = pixel * stride;
  for (let oy = 0; oy < out; oy++) {
    for (let c: usize = 0; c < pixel; c += 16) {
      for (let ox = 0; ox < out; ox += 4) {
        let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
        let from = padded + row * (oy * stride) + hop * ox + c;
        let tap = w + c;
        if (k == 3 && stride == 1) {
          for (let ky = 0; ky < 3; ky++) {
            const w0 = v128.load(tap), w1 = v128.load(tap + pixel), w2 = v128.load(tap + 2 * pixel);
            let v = v128.load(from);
            s0 = madd(v, w0, s0);
            v = v128.load(from + pixel);
            s0 = madd(v, w1, s0); s1 = madd(v, w0, s1);
            v = v128.load(from + 2 * pixel);
            s0 = madd(v, w2, s0); s1 = madd(v, w1, s1); s2 = madd(v, w0, s2);
            v = v128.load(from + 3 * pixel);
            s1 = madd(v, w2, s1); s2 = madd(v, w1, s2); s3 = madd(v, w0, s3);
            v = v128.load(from + 4 * pixel);
            s2 = madd(v, w2, s2); s3 = madd(v, w1, s3);
            v = v128.load(from + 5 * pixel);
            s3 = madd(v, w2, s3);
            from += row; tap += 3 * pixel;
          }
        } else if (k == 5 && stride == 1) {
          for (let ky = 0; ky < 5; ky++) {
            const w0 = v128.load(tap), w1 = v128.load(tap + pixel), w2 = v128.load(tap + 2 * pixel);
            const w3 = v128.load(tap + 3 * pixel), w4 = v128.load(tap + 4 * pixel);
            let p = from, v = v128.load(p);
            s0 = madd(v, w0, s0);
            v = v128.load(p += pixel);
            s0 = madd(v, w1, s0); s1 = madd(v, w0, s1);
            v = v128.load(p += pixel);
            s0 = madd(v, w2, s0); s1 = madd(v, w1, s1); s2 = madd(v, w0, s2);
            v = v128.load(p += pixel);
            s0 = madd(v, w3, s0); s1 = madd(v, w2, s1); s2 = madd(v, w1, s2); s3 = madd(v, w0, s3);
            v = v128.load(p += pixel);
            s0 = madd(v, w4, s0); s1 = madd(v, w3, s1); s2 = madd(v, w2, s2); s3 = madd(v, w1, s3);
            v = v128.load(p += pixel);
            s1 = madd(v, w4, s1); s2 = madd(v, w3, s2); s3 = madd(v, w2, s3);
            v = v128.load(p += pixel);
            s2 = madd(v, w4, s2); s3 = madd(v, w3, s3);
            v = v128.load(p += pixel);
            s3 = madd(v, w4, s3);
            from += row; tap += 5 * pixel;
          }
        } else {
          for (let ky = 0; ky < k; ky++) {
            let p = from;
            for (let kx = 0; kx < k; kx++) {
              const weight = v128.load(tap);
              s0 = madd(v128.load(p), weight, s0);
              s1 = madd(v128.load(p + hop), weight, s1);
              s2 = madd(v128.load(p + 2 * hop), weight, s2);
              s3 = madd(v128.load(p + 3 * hop), weight, s3);
              p += pixel; tap += pixel;
            }
            from += row;
          }
        }
        const to = y + pixel * (oy * out + ox) + c;
        const left = out - ox;
        put(to, s0, accumulate);
        if (left > 1) put(to + pixel, s1, accumulate);
        if (left > 2) put(to + 2 * pixel, s2, accumulate);
        if (left > 3) put(to + 3 * pixel, s3, accumulate);
      }
    }
  }
}

/** y [B, out, out, C]; w [k, k, C]; scratch holds one padded image. */
export function depthwise(B: i32, size: i32, C: i32, k: i32, stride: i32, out: i32, x: usize, w: usize, y: usize, scratch: usize): void {
  const pad = (k - 1) / 2, width = size + 2 * pad;
  memory.fill(scratch, 0, (width * width * C) << 2);
  for (let i = 0; i < B; i++) {
    padImage(size, C, pad, x, scratch);
    image(width, C, k, stride, out, scratch, w, y, 0);
    x += (size * size * C) << 2;
    y += (out * out * C) << 2;
  }
}

/** dx (+)= dy through the flipped taps. At stride 1 this is itself a depthwise convolution. */
export function depthwiseInputGradient(B: i32, size: i32, C: i32, k: i32, stride: i32, out: i32, dy: usize, w: usize, dx: usize, scratch: usize, accumulate: i32): void {
  const pad = (k - 1) / 2, margin = (pad + stride - 1) / stride, width = out + 2 * margin, pixel = <usize>C << 2;
  const padded = <usize>(width * width) * pixel, flipped = scratch + padded;
  memory.fill(scratch, 0, padded);
  if (stride == 1) for (let tap = 0; tap < k * k; tap++) memory.copy(flipped + pixel * (k * k - 1 - tap), w + pixel * tap, pixel);
  for (let i = 0; i < B; i++) {
    padImage(out, C, margin, dy, scratch);
    if (stride == 1) image(width, C, k, 1, size, scratch, flipped, dx, accumulate);
    else gather(size, width, margin, C, k, stride, scratch, w, dx, accumulate);
    dx += (size * size * C) << 2;
    dy += (out * out * C) << 2;
  }
}

/**
 * dx[y, x] (+)= Σ w[ky, kx] · dy[(y + pad − ky) / s, (x + pad − kx) / s] over the taps for which both divide evenly:
 * every s-th tap, starting at the remainder. Works in tiles of 4 pixels that are s apart, whose sources are adjacent in
 * dy.
 */
function gather(size: i32, width: i32, margin: i32, C: i32, k: i32, stride: i32, padded: usize, w: usize, dx: usize, accumulate: i32): void {
  const pad = (k - 1) / 2, pixel = <usize>C << 2, row = pixel * width, hop = pixel * stride;
  for (let y = 0; y < size; y++) {
    const ky0 = (y + pad) % stride, oy = (y + pad) / stride + margin;
    for (let first = 0; first < stride; first++) {
      const kx0 = (first + pad) % stride;
      for (let c: usize = 0; c < pixel; c += 16) {
        for (let x = first; x < size; x += 4 * stride) {
          let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
          let from = padded + row * oy + pixel * ((x + pad) / stride + margin) + c;
          for (let ky = ky0; ky < k; ky += stride) {
            let p = from, tap = w + pixel * (ky * k + kx0) + c;
            for (let kx = kx0; kx < k; kx += stride) {
              const weight = v128.load(tap);
              s0 = madd(v128.load(p), weight, s0);
              s1 = madd(v128.load(p + pixel), weight, s1);
              s2 = madd(v128.load(p + 2 * pixel), weight, s2);
              s3 = madd(v128.load(p + 3 * pixel), weight, s3);
              p -= pixel; tap += hop;
            }
            from -= row;
          }
          const to = dx + pixel * (y * size + x) + c;
          put(to, s0, accumulate);
          if (x + stride < size) put(to + hop, s1, accumulate);
          if (x + 2 * stride < size) put(to + 2 * hop, s2, accumulate);
          if (x + 3 * stride < size) put(to + 3 * hop, s3, accumulate);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function put(to: usize, v: v128, accumulate: i32): void {
  v128.store(to, accumulate ? f32x4.add(v128.load(to), v) : v);
}

/** dw [k, k, C] += Σ x[oy·s + ky, ox·s + kx] · dy[oy, ox]. */
export function depthwiseFilterGradient(B: i32, size: i32, C: i32, k: i32, stride: i32, out: i32, x: usize, dy: usize, dw: usize, scratch: usize): void {
  const pad = (k - 1) / 2, width = size + 2 * pad, pixel = <usize>C << 2, row = pixel * width;
  memory.fill(scratch, 0, (width * width * C) << 2);
  for (let i = 0; i < B; i++) {
    padImage(size, C, pad, x, scratch);
    for (let oy = 0; oy < out; oy++) {
      for (let c: usize = 0; c < pixel; c += 16) {
        const g = dy + pixel * (oy * out) + c;
        if (k == 3) {
          taps3x3(out, pixel, row, pixel * stride, scratch + row * (oy * stride) + c, g, dw + c);
          continue;
        }
        for (let ky = 0; ky < k; ky++) {
          const from = scratch + row * (oy * stride + ky) + c;
          const to = dw + pixel * (ky * k) + c;
          if (k == 5) taps5(out, pixel, pixel * stride, from, g, to);
          else for (let kx = 0; kx < k; kx++) tap1(out, pixel, pixel * stride, from + pixel * kx, g, to + pixel * kx);
        }
      }
    }
    x += (size * size * C) << 2;
    dy += (out * out * C) << 2;
  }
}

// @ts-ignore: decorator
@inline
function tap1(out: i32, pixel: usize, hop: usize, x: usize, dy: usize, dw: usize): void {
  let s = v128.load(dw);
  for (let ox = 0; ox < out; ox++) {
    s = madd(v128.load(x), v128.load(dy), s);
    x += hop; dy += pixel;
  }
  v128.store(dw, s);
}

/** A whole 3 × 3 kernel: nine sums in one pass over three rows. */
// @ts-ignore: decorator
@inline
function taps3x3(out: i32, pixel: usize, row: usize, hop: usize, x: usize, dy: usize, dw: usize): void {
  let s0 = v128.load(dw), s1 = v128.load(dw + pixel), s2 = v128.load(dw + 2 * pixel);
  let t0 = v128.load(dw + 3 * pixel), t1 = v128.load(dw + 4 * pixel), t2 = v128.load(dw + 5 * pixel);
  let u0 = v128.load(dw + 6 * pixel), u1 = v128.load(dw + 7 * pixel), u2 = v128.load(dw + 8 * pixel);
  for (let ox = 0; ox < out; ox++) {
    const g = v128.load(dy);
    let p = x;
    s0 = madd(v128.load(p), g, s0);
    s1 = madd(v128.load(p + pixel), g, s1);
    s2 = madd(v128.load(p + 2 * pixel), g, s2);
    p += row;
    t0 = madd(v128.load(p), g, t0);
    t1 = madd(v128.load(p + pixel), g, t1);
    t2 = madd(v128.load(p + 2 * pixel), g, t2);
    p += row;
    u0 = madd(v128.load(p), g, u0);
    u1 = madd(v128.load(p + pixel), g, u1);
    u2 = madd(v128.load(p + 2 * pixel), g, u2);
    x += hop; dy += pixel;
  }
  v128.store(dw, s0); v128.store(dw + pixel, s1); v128.store(dw + 2 * pixel, s2);
  v128.store(dw + 3 * pixel, t0); v128.store(dw + 4 * pixel, t1); v128.store(dw + 5 * pixel, t2);
  v128.store(dw + 6 * pixel, u0); v128.store(dw + 7 * pixel, u1); v128.store(dw + 8 * pixel, u2);
}

// @ts-ignore: decorator
@inline
function taps5(out: i32, pixel: usize, hop: usize, x: usize, dy: usize, dw: usize): void {
  let s0 = v128.load(dw), s1 = v128.load(dw + pixel), s2 = v128.load(dw + 2 * pixel);
  let s3 = v128.load(dw + 3 * pixel), s4 = v128.load(dw + 4 * pixel);
  for (let ox = 0; ox < out; ox++) {
    const g = v128.load(dy);
    s0 = madd(v128.load(x), g, s0);
    s1 = madd(v128.load(x + pixel), g, s1);
    s2 = madd(v128.load(x + 2 * pixel), g, s2);
    s3 = madd(v128.load(x + 3 * pixel), g, s3);
    s4 = madd(v128.load(x + 4 * pixel), g, s4);
    x += hop; dy += pixel;
  }
  v128.store(dw, s0); v128.store(dw + pixel, s1); v128.store(dw + 2 * pixel, s2);
  v128.store(dw + 3 * pixel, s3); v128.store(dw + 4 * pixel, s4);
}

/**
 * [rows, C] → [rows, padded], with zeros after each row; or back, dropping the padding (`accumulate`: adding to the
 * target).
 */
export function padChannels(rows: i32, C: i32, padded: i32, x: usize, to: usize): void {
  for (let i = 0; i < rows; i++) {
    memory.copy(to, x, <usize>C << 2);
    memory.fill(to + (<usize>C << 2), 0, <usize>(padded - C) << 2);
    x += <usize>C << 2; to += <usize>padded << 2;
  }
}

export function unpadChannels(rows: i32, C: i32, padded: i32, x: usize, to: usize, accumulate: i32): void {
  for (let i = 0; i < rows; i++) {
    if (accumulate) for (let c = 0; c < C; c++) store<f32>(to + (c << 2), load<f32>(to + (c << 2)) + load<f32>(x + (c << 2)));
    else memory.copy(to, x, <usize>C << 2);
    x += <usize>padded << 2; to += <usize>C << 2;
  }
}
