/** Reduces a picture by a whole factor: each pixel is the mean of factor × factor, within a step of what Pillow's `Image.reduce` makes. */
import type { Picture } from "./picture.js";

/** Columns and rows that fill no pixel are left out. */
export function reduce({ width, height, channels, pixels }: Picture, factor: number): Picture {
  const [narrow, low] = [Math.floor(width / factor), Math.floor(height / factor)];
  const row = narrow * channels;
  const area = factor * factor;
  const reduced = new Uint8Array(low * row);
  const sums = new Uint32Array(row);
  for (let y = 0; y < low; y++) {
    sums.fill(area >> 1);
    for (let dy = 0; dy < factor; dy++) {
      let from = (y * factor + dy) * width * channels;
      for (let at = 0; at < row; at += channels) {
        for (let dx = 0; dx < factor; dx++) for (let c = 0; c < channels; c++) sums[at + c]! += pixels[from++]!;
      }
    }
    for (let at = 0; at < row; at++) reduced[y * row + at] = sums[at]! / area;
  }
  return { width: narrow, height: low, channels, pixels: reduced };
}
