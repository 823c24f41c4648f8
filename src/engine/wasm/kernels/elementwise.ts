// Everything without weights: sums, activations, products, pools. Flat kernels use whole vectors: buffers are multiples
// of 16 bytes.
import { activate4, derivative4, loadPart, madd, storePart, HARD_SIGMOID, HARD_SWISH, RELU, RELU6, SIGMOID, SWISH } from "./lanes";

/** y = a + b, `count` floats. y may be a. */
export function add(count: i32, a: usize, b: usize, y: usize): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
}

/** y = a · b. */
export function product(count: i32, a: usize, b: usize, y: usize): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, f32x4.mul(v128.load(a + i), v128.load(b + i)));
}

/** y[m, :] += bias. */
export function addBias(M: i32, C: i32, bias: usize, y: usize): void {
  for (let m = 0; m < M; m++) {
    for (let c: usize = 0; c < <usize>C << 2; c += 4) store<f32>(y + c, load<f32>(y + c) + load<f32>(bias + c));
    y += <usize>C << 2;
  }
}

/** dbias += Σ over rows of dy. */
export function biasGradient(M: i32, C: i32, dy: usize, dbias: usize): void {
  for (let c: usize = 0; c < <usize>C << 2; c += 4) {
    let sum: f64 = 0;
    for (let m = 0; m < M; m++) sum += load<f32>(dy + ((m * C) << 2) + c);
    store<f32>(dbias + c, load<f32>(dbias + c) + <f32>sum);
  }
}

/** y = f(x). */
export function activation(count: i32, code: i32, x: usize, y: usize): void {
  if (code == RELU) activate(count, RELU, x, y);
  else if (code == RELU6) activate(count, RELU6, x, y);
  else if (code == SWISH) activate(count, SWISH, x, y);
  else if (code == HARD_SWISH) activate(count, HARD_SWISH, x, y);
  else if (code == SIGMOID) activate(count, SIGMOID, x, y);
  else if (code == HARD_SIGMOID) activate(count, HARD_SIGMOID, x, y);
  else unreachable();
}

// @ts-ignore: decorator
@inline
function activate(count: i32, code: i32, x: usize, y: usize): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, activate4(code, v128.load(x + i)));
}

/** dx = dy · f'(x). dx may be dy. */
export function activationGradient(count: i32, code: i32, x: usize, dy: usize, dx: usize): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) {
    v128.store(dx + i, f32x4.mul(v128.load(dy + i), derivative4(code, v128.load(x + i))));
  }
}

/** y[b, p, c] = x[b, p, c] · factor[b, c]. */
export function multiply(B: i32, P: i32, C: i32, x: usize, factor: usize, y: usize): void {
  const whole = <usize>(C & ~3) << 2, left = C & 3;
  for (let b = 0; b < B; b++) {
    for (let p = 0; p < P; p++) {
      for (let c: usize = 0; c < whole; c += 16) v128.store(y + c, f32x4.mul(v128.load(x + c), v128.load(factor + c)));
      if (left) storePart(y + whole, f32x4.mul(loadPart(x + whole, left), loadPart(factor + whole, left)), left);
      x += <usize>C << 2; y += <usize>C << 2;
    }
    factor += <usize>C << 2;
  }
}

/** dfactor[b, c] = Σ over pixels of dy · x; dx = dy · factor, in place of dy. */
export function multiplyGradient(B: i32, P: i32, C: i32, x: usize, factor: usize, dy: usize, dfactor: usize): void {
  const whole = <usize>(C & ~3) << 2, left = C & 3, row = <usize>C << 2;
  memory.fill(dfactor, 0, <usize>B * row);
  for (let b = 0; b < B; b++) {
    for (let p = 0; p < P; p++) {
      for (let c: usize = 0; c < whole; c += 16) {
        const g = v128.load(dy + c);
        v128.store(dfactor + c, madd(g, v128.load(x + c), v128.load(dfactor + c)));
        v128.store(dy + c, f32x4.mul(g, v128.load(factor + c)));
      }
      if (left) {
        const g = loadPart(dy + whole, left);
        storePart(dfactor + whole, madd(g, loadPart(x + whole, left), loadPart(dfactor + whole, left)), left);
        storePart(dy + whole, f32x4.mul(g, loadPart(factor + whole, left)), left);
      }
      x += row; dy += row;
    }
    factor += row; dfactor += row;
  }
}

/** y[b, c] = mean over pixels. */
export function globalAveragePool(B: i32, P: i32, C: i32, x: usize, y: usize): void {
  const whole = <usize>(C & ~3) << 2, left = C & 3, row = <usize>C << 2;
  const share = f32x4.splat(<f32>1 / <f32>P);
  for (let b = 0; b < B; b++) {
    for (let c: usize = 0; c < row; c += 16) {
      let sum = f32x4.splat(0);
      let from = x + c;
      for (let p = 0; p < P; p++) {
        sum = f32x4.add(sum, c < whole ? v128.load(from) : loadPart(from, left));
        from += row;
      }
      sum = f32x4.mul(sum, share);
      if (c < whole) v128.store(y + c, sum);
      else storePart(y + c, sum, left);
    }
    x += row * P; y += row;
  }
}

/** dx[b, p, c] (+)= dy[b, c] / P. */
export function globalAveragePoolGradient(B: i32, P: i32, C: i32, dy: usize, dx: usize, accumulate: i32): void {
  const whole = <usize>(C & ~3) << 2, left = C & 3, row = <usize>C << 2;
  const share = f32x4.splat(<f32>1 / <f32>P);
  for (let b = 0; b < B; b++) {
    for (let p = 0; p < P; p++) {
      for (let c: usize = 0; c < whole; c += 16) {
        const g = f32x4.mul(v128.load(dy + c), share);
        v128.store(dx + c, accumulate ? f32x4.add(v128.load(dx + c), g) : g);
      }
      if (left) {
        const g = f32x4.mul(loadPart(dy + whole, left), share);
        storePart(dx + whole, accumulate ? f32x4.add(loadPart(dx + whole, left), g) : g, left);
      }
      dx += row;
    }
    dy += row;
  }
}

/** Windows of stride × stride; a window over the edge averages only the pixels inside. */
export function averagePool(B: i32, size: i32, C: i32, stride: i32, out: i32, x: usize, y: usize): void {
  for (let b = 0; b < B; b++) {
    for (let oy = 0; oy < out; oy++) {
      for (let ox = 0; ox < out; ox++) {
        const y1 = min(size, (oy + 1) * stride), x1 = min(size, (ox + 1) * stride);
        const share = <f32>1 / <f32>((y1 - oy * stride) * (x1 - ox * stride));
        for (let c = 0; c < C; c++) {
          let sum: f32 = 0;
          for (let iy = oy * stride; iy < y1; iy++) {
            for (let ix = ox * stride; ix < x1; ix++) sum += load<f32>(x + (((iy * size + ix) * C + c) << 2));
          }
          store<f32>(y + (c << 2), sum * share);
        }
        y += <usize>C << 2;
      }
    }
    x += (size * size * C) << 2;
  }
}

/** dx (+)= dy, spread evenly over its window. */
export function averagePoolGradient(B: i32, size: i32, C: i32, stride: i32, out: i32, dy: usize, dx: usize, accumulate: i32): void {
  for (let b = 0; b < B; b++) {
    for (let iy = 0; iy < size; iy++) {
      for (let ix = 0; ix < size; ix++) {
        const oy = iy / stride, ox = ix / stride;
        const height = min(size, (oy + 1) * stride) - oy * stride, width = min(size, (ox + 1) * stride) - ox * stride;
        const share = <f32>1 / <f32>(height * width);
        const from = dy + (((oy * out + ox) * C) << 2);
        for (let c: usize = 0; c < <usize>C << 2; c += 4) {
          const g = load<f32>(from + c) * share;
          store<f32>(dx + c, accumulate ? load<f32>(dx + c) + g : g);
        }
        dx += <usize>C << 2;
      }
    }
    dy += (out * out * C) << 2;
  }
}
