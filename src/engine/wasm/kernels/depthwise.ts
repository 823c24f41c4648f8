// Depthwise convolution: lanes are channels, an image at a time through a zero-padded copy, so that no inner loop has a border.
// Channels come in fours; the plan pads other counts (`padChannels`).
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

/** y = depthwise(padded image): tiles of 4 outputs of a row, so that a tap is loaded once for them. */
function image(width: i32, C: i32, k: i32, stride: i32, out: i32, padded: usize, w: usize, y: usize, accumulate: i32): void {
  const pixel = <usize>C << 2, row = pixel * width, hop = pixel * stride;
  for (let oy = 0; oy < out; oy++) {
    for (let c: usize = 0; c < pixel; c += 16) {
      for (let ox = 0; ox < out; ox += 4) {
        let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
        let from = padded + row * (oy * stride) + hop * ox + c;
        let tap = w + c;
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
        const to = y + pixel * (oy * out + ox) + c;
        const left = out - ox;
        if (accumulate) {
          s0 = f32x4.add(s0, v128.load(to));
          if (left > 1) s1 = f32x4.add(s1, v128.load(to + pixel));
          if (left > 2) s2 = f32x4.add(s2, v128.load(to + 2 * pixel));
          if (left > 3) s3 = f32x4.add(s3, v128.load(to + 3 * pixel));
        }
        v128.store(to, s0);
        if (left > 1) v128.store(to + pixel, s1);
        if (left > 2) v128.store(to + 2 * pixel, s2);
        if (left > 3) v128.store(to + 3 * pixel, s3);
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

/** dx (+)= dy through the flipped taps. Stride 1 is a depthwise convolution itself; a larger one scatters. */
export function depthwiseInputGradient(B: i32, size: i32, C: i32, k: i32, stride: i32, out: i32, dy: usize, w: usize, dx: usize, scratch: usize, accumulate: i32): void {
  const pad = (k - 1) / 2, width = size + 2 * pad, pixel = <usize>C << 2;
  const padded = <usize>(width * width) * pixel;
  if (stride == 1) {
    const flipped = scratch + padded;
    for (let tap = 0; tap < k * k; tap++) memory.copy(flipped + pixel * (k * k - 1 - tap), w + pixel * tap, pixel);
    memory.fill(scratch, 0, padded);
    for (let i = 0; i < B; i++) {
      padImage(size, C, pad, dy, scratch);
      image(width, C, k, 1, size, scratch, flipped, dx, accumulate);
      dx += (size * size * C) << 2;
      dy += (out * out * C) << 2;
    }
    return;
  }
  for (let i = 0; i < B; i++) {
    memory.fill(scratch, 0, padded);
    scatter(width, C, k, stride, out, dy, w, scratch);
    const row = <usize>size * pixel;
    let from = scratch + pixel * (width * pad + pad), to = dx;
    for (let y = 0; y < size; y++) {
      if (accumulate) for (let p: usize = 0; p < row; p += 16) v128.store(to + p, f32x4.add(v128.load(to + p), v128.load(from + p)));
      else memory.copy(to, from, row);
      from += pixel * width; to += row;
    }
    dx += (size * size * C) << 2;
    dy += (out * out * C) << 2;
  }
}

/** padded[oy·s + ky, ox·s + kx] += w[ky, kx] · dy[oy, ox]. */
function scatter(width: i32, C: i32, k: i32, stride: i32, out: i32, dy: usize, w: usize, padded: usize): void {
  const pixel = <usize>C << 2, row = pixel * width;
  for (let oy = 0; oy < out; oy++) {
    for (let c: usize = 0; c < pixel; c += 16) {
      for (let ox = 0; ox < out; ox++) {
        const g = v128.load(dy + pixel * (oy * out + ox) + c);
        let to = padded + row * (oy * stride) + pixel * (ox * stride) + c;
        let tap = w + c;
        for (let ky = 0; ky < k; ky++) {
          let p = to;
          for (let kx = 0; kx < k; kx++) {
            v128.store(p, madd(v128.load(tap), g, v128.load(p)));
            p += pixel; tap += pixel;
          }
          to += row;
        }
      }
    }
  }
}

/** dw [k, k, C] += Σ x[oy·s + ky, ox·s + kx] · dy[oy, ox]. */
export function depthwiseFilterGradient(B: i32, size: i32, C: i32, k: i32, stride: i32, out: i32, x: usize, dy: usize, dw: usize, scratch: usize): void {
  const pad = (k - 1) / 2, width = size + 2 * pad, pixel = <usize>C << 2, row = pixel * width;
  memory.fill(scratch, 0, (width * width * C) << 2);
  for (let i = 0; i < B; i++) {
    padImage(size, C, pad, x, scratch);
    for (let oy = 0; oy < out; oy++) {
      for (let c: usize = 0; c < pixel; c += 16) {
        for (let ky = 0; ky < k; ky++) {
          const from = scratch + row * (oy * stride + ky) + c;
          const g = dy + pixel * (oy * out) + c;
          const to = dw + pixel * (ky * k) + c;
          if (k == 3) taps3(out, pixel, pixel * stride, from, g, to);
          else if (k == 5) taps5(out, pixel, pixel * stride, from, g, to);
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

// @ts-ignore: decorator
@inline
function taps3(out: i32, pixel: usize, hop: usize, x: usize, dy: usize, dw: usize): void {
  let s0 = v128.load(dw), s1 = v128.load(dw + pixel), s2 = v128.load(dw + 2 * pixel);
  for (let ox = 0; ox < out; ox++) {
    const g = v128.load(dy);
    s0 = madd(v128.load(x), g, s0);
    s1 = madd(v128.load(x + pixel), g, s1);
    s2 = madd(v128.load(x + 2 * pixel), g, s2);
    x += hop; dy += pixel;
  }
  v128.store(dw, s0); v128.store(dw + pixel, s1); v128.store(dw + 2 * pixel, s2);
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

/** [rows, C] → [rows, padded], zeros behind each row; or back, dropping (`accumulate`: adding) them. */
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
