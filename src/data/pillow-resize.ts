/**
 * Resizes bytes as Pillow's `Image.resize(size, Resampling.BILINEAR)` or `BICUBIC` does, to the last bit: a filter that is widened by the
 * reduction (antialiased), rows then columns, in 22 bits of fixed point. From Pillow's src/libImaging/Resample.c.
 */
import type { Picture } from "./picture.js";

const BITS = 22;
const HALF = 1 << (BITS - 1);

/** A size, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where the wanted part of the resized picture lies in it. */
export interface Part extends Size {
  readonly left: number;
  readonly top: number;
}

/** The source pixels of one output position along a side, and their weights × 2²². */
interface Taps {
  readonly first: number;
  readonly weights: Int32Array;
}

/** What reads the source: a triangle, or a cubic of slope −0.5 (Keys 1981), which may overshoot. */
export type Interpolation = "bilinear" | "bicubic";

/** The half width of each filter, and its weight at a distance from its centre. */
const filters: Record<Interpolation, { readonly reach: number; readonly weightAt: (distance: number) => number }> = {
  bilinear: { reach: 1, weightAt: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  bicubic: {
    reach: 2,
    weightAt(distance) {
      const x = Math.abs(distance);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    },
  },
};

/** For `count` output positions from `start` on. */
function tapsOf(from: number, to: number, start: number, count: number, interpolation: Interpolation): Taps[] {
  const { reach, weightAt } = filters[interpolation];
  const scale = from / to;
  const widened = Math.max(scale, 1);
  const support = reach * widened;
  return Array.from({ length: count }, (_, i) => {
    const centre = (start + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const shares = Array.from({ length: end - first }, (__, j) => weightAt((j + first - centre + 0.5) * (1 / widened)));
    const sum = shares.reduce((total, share) => total + share, 0);
    return {
      first,
      weights: Int32Array.from(shares, (share) => Math.trunc((share < 0 ? -0.5 : 0.5) + (share / sum) * 2 ** BITS)),
    };
  });
}

/**
 * A part of the picture resized to a size; the rest of it is not computed.
 * @returns [part.height, part.width, channels]
 */
export function resizePart(
  picture: Picture,
  size: Size,
  part: Part,
  interpolation: Interpolation = "bilinear",
): Uint8Array {
  const { channels, pixels } = picture;
  const rowTaps = tapsOf(picture.height, size.height, part.top, part.height, interpolation);
  const columnTaps = tapsOf(picture.width, size.width, part.left, part.width, interpolation);
  const firstRow = rowTaps[0]!.first;
  const last = rowTaps.at(-1)!;
  const rowCount = last.first + last.weights.length - firstRow;
  const rowBytes = part.width * channels;
  // A cubic's sums may lie outside of a byte.
  const narrow = new Uint8ClampedArray(rowCount * rowBytes);
  for (let y = 0; y < rowCount; y++) {
    const from = (firstRow + y) * picture.width * channels;
    let out = y * rowBytes;
    for (const { first, weights } of columnTaps) {
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        let at = from + first * channels + c;
        for (let j = 0; j < weights.length; j++, at += channels) sum = (sum + pixels[at]! * weights[j]!) | 0;
        narrow[out++] = sum >> BITS;
      }
    }
  }
  const resized = new Uint8ClampedArray(part.height * rowBytes);
  const sums = new Int32Array(rowBytes);
  rowTaps.forEach(({ first, weights }, y) => {
    sums.fill(HALF);
    for (let j = 0; j < weights.length; j++) {
      const [weight, from] = [weights[j]!, (first - firstRow + j) * rowBytes];
      for (let x = 0; x < rowBytes; x++) sums[x] = sums[x]! + narrow[from + x]! * weight;
    }
    for (let x = 0; x < rowBytes; x++) resized[y * rowBytes + x] = sums[x]! >> BITS;
  });
  return new Uint8Array(resized.buffer);
}
