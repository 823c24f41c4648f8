/**
 * Resizes training crops, which are floats, as PIL's `Image.BILINEAR` does: a triangle filter, widened by the reduction (antialiased), rows
 * then columns. What is judged is resized from the picture itself (preprocessing.ts).
 */

interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/** The weights of every output position along one side. */
function tapsOf(from: number, to: number): Taps[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(from, Math.floor(centre + support + 0.5));
    const weights = Float64Array.from({ length: last - first }, (__, j) =>
      Math.max(0, 1 - Math.abs((first + j - centre + 0.5) / support)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** @returns [count, to, to, channels]; the same array where from = to. */
export function resizeImages(
  images: Float32Array,
  { count, from, to, channels }: { count: number; from: number; to: number; channels: number },
): Float32Array {
  if (from === to) return images;
  const taps = tapsOf(from, to);
  const rows = new Float32Array(from * to * channels);
  const resized = new Float32Array(count * to * to * channels);
  for (let image = 0; image < count; image++) {
    const base = image * from * from * channels;
    for (let y = 0; y < from; y++) {
      taps.forEach(({ first, weights }, x) => {
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let j = 0; j < weights.length; j++)
            sum += weights[j]! * images[base + (y * from + first + j) * channels + c]!;
          rows[(y * to + x) * channels + c] = sum;
        }
      });
    }
    const width = to * channels;
    taps.forEach(({ first, weights }, y) => {
      const out = image * to * width + y * width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let j = 0; j < weights.length; j++) sum += weights[j]! * rows[(first + j) * width + x]!;
        resized[out + x] = sum;
      }
    });
  }
  return resized;
}

/** The same weights as a matrix, [to, from]: it resizes one side of an image. */
export function resizeMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  tapsOf(from, to).forEach(({ first, weights }, row) => matrix.set(weights, row * from + first));
  return matrix;
}
