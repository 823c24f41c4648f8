// k × k (and strided 1 × 1) convolution, one image at a time: patches as rows, then a matrix product.
// Padding is (k − 1) / 2.
import { matmul, matmulTransposedA } from "./matmul";

/** One image [size, size, C] → rows [out · out, k · k · C]. */
function patches(size: i32, C: i32, k: i32, stride: i32, out: i32, x: usize, to: usize): void {
  const pad = (k - 1) / 2,
    bytes = (<usize>C) << 2;
  for (let oy = 0; oy < out; oy++) {
    for (let ox = 0; ox < out; ox++) {
      for (let ky = 0; ky < k; ky++) {
        const iy = oy * stride + ky - pad;
        for (let kx = 0; kx < k; kx++) {
          const ix = ox * stride + kx - pad;
          if (iy < 0 || iy >= size || ix < 0 || ix >= size) memory.fill(to, 0, bytes);
          else if (C == 1) store<f32>(to, load<f32>(x + ((iy * size + ix) << 2)));
          else memory.copy(to, x + (((iy * size + ix) * C) << 2), bytes);
          to += bytes;
        }
      }
    }
  }
}

/** The adjoint of `patches`: adds rows of patches back to the pixels they came from. */
function addPatches(size: i32, C: i32, k: i32, stride: i32, out: i32, from: usize, dx: usize): void {
  const pad = (k - 1) / 2;
  for (let oy = 0; oy < out; oy++) {
    for (let ox = 0; ox < out; ox++) {
      for (let ky = 0; ky < k; ky++) {
        const iy = oy * stride + ky - pad;
        for (let kx = 0; kx < k; kx++) {
          const ix = ox * stride + kx - pad;
          if (iy >= 0 && iy < size && ix >= 0 && ix < size) {
            const to = dx + (((iy * size + ix) * C) << 2);
            for (let c = 0; c < C; c++)
              store<f32>(to + (c << 2), load<f32>(to + (c << 2)) + load<f32>(from + (c << 2)));
          }
          from += (<usize>C) << 2;
        }
      }
    }
  }
}

/** y [B, out, out, N] = conv(x [B, size, size, C]); weights [k·k·C, N] in panels; scratch for one image's patches. */
export function conv(
  B: i32,
  size: i32,
  C: i32,
  k: i32,
  stride: i32,
  out: i32,
  N: i32,
  x: usize,
  panels: usize,
  y: usize,
  scratch: usize,
): void {
  for (let i = 0; i < B; i++) {
    patches(size, C, k, stride, out, x, scratch);
    matmul(out * out, N, k * k * C, scratch, panels, y, 0);
    x += (size * size * C) << 2;
    y += (out * out * N) << 2;
  }
}

/** dw [k·k·C, N] += patches(x)ᵀ · dy. */
export function convFilterGradient(
  B: i32,
  size: i32,
  C: i32,
  k: i32,
  stride: i32,
  out: i32,
  N: i32,
  x: usize,
  dy: usize,
  dw: usize,
  scratch: usize,
): void {
  for (let i = 0; i < B; i++) {
    patches(size, C, k, stride, out, x, scratch);
    matmulTransposedA(out * out, N, k * k * C, scratch, dy, dw);
    x += (size * size * C) << 2;
    dy += (out * out * N) << 2;
  }
}

/** dx (+)= the patches of dy · wᵀ added up; wᵀ [N, k·k·C] in panels. */
export function convInputGradient(
  B: i32,
  size: i32,
  C: i32,
  k: i32,
  stride: i32,
  out: i32,
  N: i32,
  dy: usize,
  panels: usize,
  dx: usize,
  scratch: usize,
  accumulate: i32,
): void {
  if (!accumulate) memory.fill(dx, 0, (B * size * size * C) << 2);
  for (let i = 0; i < B; i++) {
    matmul(out * out, k * k * C, N, dy, panels, scratch, 0);
    addPatches(size, C, k, stride, out, scratch, dx);
    dx += (size * size * C) << 2;
    dy += (out * out * N) << 2;
  }
}
