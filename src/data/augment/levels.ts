/** Changes of single values by a table, as torchvision's functions of the same names make them (and Pillow's ImageOps). */
import type { Picture } from "../pictures/picture.js";
import { withPixels } from "./adjust.js";

/** Keeps the highest bits of each value. */
export function posterize(picture: Picture, bits: number): Picture {
  const mask = 256 - 2 ** (8 - bits);
  return withPixels(
    picture,
    picture.pixels.map((value) => value & mask),
  );
}

/** Inverts values from the threshold on. */
export const solarize = (picture: Picture, threshold: number): Picture =>
  withPixels(
    picture,
    picture.pixels.map((value) => (value >= threshold ? 255 - value : value)),
  );

/** Stretches each channel from its smallest and largest value to 0 and 255. */
export function autocontrast(picture: Picture): Picture {
  return byChannel(picture, (counts) => {
    const [low, high] = [counts.findIndex((count) => count > 0), counts.findLastIndex((count) => count > 0)];
    if (low >= high) return undefined;
    const scale = 255 / (high - low);
    return (value) => Math.trunc((value - low) * scale);
  });
}

/** Spreads each channel's values so that all are about equally frequent. */
export function equalize(picture: Picture): Picture {
  return byChannel(picture, (counts) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const step = Math.trunc((total - counts.findLast((count) => count > 0)!) / 255);
    if (step === 0) return undefined;
    let below = step >> 1;
    const table = counts.map((count) => {
      const value = Math.min(255, Math.trunc(below / step));
      below += count;
      return value;
    });
    return (value) => table[value]!;
  });
}

/** Maps each channel by what is made of its histogram; undefined leaves it as it is. */
function byChannel(
  picture: Picture,
  mapOf: (counts: readonly number[]) => ((value: number) => number) | undefined,
): Picture {
  const { channels, pixels } = picture;
  const out = pixels.slice();
  for (let c = 0; c < channels; c++) {
    const counts = Array<number>(256).fill(0);
    for (let i = c; i < pixels.length; i += channels) counts[pixels[i]!]!++;
    const map = mapOf(counts);
    if (map) for (let i = c; i < pixels.length; i += channels) out[i] = map(pixels[i]!);
  }
  return withPixels(picture, out);
}
