/**
 * Resizes bytes as Pillow's `Image.resize(size, Resampling.BILINEAR)` or `BICUBIC` does, to the last bit: a filter that is widened by the
 * reduction (antialiased), rows then columns, in 22 bits of fixed point. From Pillow's src/libImaging/Resample.c.
 */
import type { Picture } from "./picture.js";
import { kernels, placesIn, type Taps } from "./resize-kernels.js";

const BITS = 22;

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
function tapsOf(from: number, to: number, start: number, count: number, interpolation: Interpolation): Taps {
  const { reach, weightAt } = filters[interpolation];
  const scale = from / to;
  const widened = Math.max(scale, 1);
  const support = reach * widened;
  const most = Math.ceil(support) * 2 + 1;
  const [firsts, counts] = [new Int32Array(count), new Int32Array(count)];
  const weights = new Int32Array(count * most);
  const shares = new Float64Array(most);
  for (let i = 0; i < count; i++) {
    const centre = (start + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const taps = Math.min(from, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let j = 0; j < taps; j++) sum += shares[j] = weightAt((j + first - centre + 0.5) * (1 / widened));
    for (let j = 0; j < taps; j++) {
      const share = shares[j]!;
      weights[i * most + j] = Math.trunc((share < 0 ? -0.5 : 0.5) + (share / sum) * 2 ** BITS);
    }
    firsts[i] = first;
    counts[i] = taps;
  }
  return { firsts, counts, weights, most };
}

/** Bytes of source rows that are resized in width at once. */
const BAND = 1 << 20;

/**
 * A part of the picture resized to a size; the rest of it is not computed.
 * @param source the part of the picture that is resized; by default all of it. Nothing outside of it is read
 * @param into where the pixels go
 * @returns `into`: [part.height, part.width, channels]
 */
export function resizePart(
  picture: Picture,
  size: Size,
  part: Part,
  interpolation: Interpolation = "bilinear",
  source: Part = { left: 0, top: 0, width: picture.width, height: picture.height },
  into: Uint8Array = new Uint8Array(part.height * part.width * picture.channels),
): Uint8Array {
  const { channels } = picture;
  const rowTaps = tapsOf(source.height, size.height, part.top, part.height, interpolation);
  const columnTaps = tapsOf(source.width, size.width, part.left, part.width, interpolation);
  const firstRow = rowTaps.firsts[0]!;
  const rowCount = rowTaps.firsts.at(-1)! + rowTaps.counts.at(-1)! - firstRow;
  const rowBytes = source.width * channels;
  const bandRows = Math.min(rowCount, Math.max(1, Math.floor(BAND / rowBytes)));
  const narrowBytes = part.width * channels;

  const { memory, resizeColumns, resizeRows } = kernels();
  const place = placesIn(memory);
  const columns = place.taps(columnTaps);
  const rows = place.taps(rowTaps);
  const band = place.bytes(bandRows * rowBytes);
  const narrow = place.bytes(rowCount * narrowBytes);
  const resized = place.bytes(part.height * narrowBytes);
  place.grow();
  columns.write();
  rows.write();
  const bytes = new Uint8Array(memory.buffer);
  for (let done = 0; done < rowCount; done += bandRows) {
    const count = Math.min(bandRows, rowCount - done);
    for (let y = 0; y < count; y++) {
      const from = ((source.top + firstRow + done + y) * picture.width + source.left) * channels;
      bytes.set(picture.pixels.subarray(from, from + rowBytes), band + y * rowBytes);
    }
    resizeColumns(count, source.width, channels, band, part.width, ...columns.arguments, narrow + done * narrowBytes);
  }
  resizeRows(narrowBytes, narrow, part.height, ...rows.arguments, resized);
  into.set(bytes.subarray(resized, resized + part.height * narrowBytes));
  return into;
}
