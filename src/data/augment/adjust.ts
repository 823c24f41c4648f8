/**
 * Brightness, contrast, saturation, hue and sharpness as torchvision's `adjust_…` functions change them. All but hue blend the picture
 * with a duller one:
 *
 *   out = dull + factor · (picture − dull),   cut to 0 … 255
 */
import type { Picture } from "../pictures/picture.js";

/** The same picture with other pixels. */
export const withPixels = (picture: Picture, pixels: Uint8Array): Picture => ({ ...picture, pixels });

/** What is cut to a byte loses its fraction, as in Pillow and torchvision. */
const toByte = (value: number): number => (value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value));

function blend(picture: Picture, factor: number, dullAt: (i: number) => number): Picture {
  return withPixels(
    picture,
    picture.pixels.map((value, i) => {
      const dull = dullAt(i);
      return toByte(dull + factor * (value - dull));
    }),
  );
}

/** The grey of each pixel by ITU-R BT.601, as in Pillow: [height · width]. */
function greyOf({ channels, pixels }: Picture): Uint8Array {
  if (channels === 1) return pixels;
  return Uint8Array.from({ length: pixels.length / 3 }, (_, i) => {
    const [r, g, b] = [pixels[3 * i]!, pixels[3 * i + 1]!, pixels[3 * i + 2]!];
    return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
  });
}

/** Blends with black. */
export const adjustBrightness = (picture: Picture, factor: number): Picture => blend(picture, factor, () => 0);

/** Blends with the mean grey. */
export function adjustContrast(picture: Picture, factor: number): Picture {
  const grey = greyOf(picture);
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  return blend(picture, factor, () => mean);
}

/** Blends with the grey picture. A grey picture stays as it is. */
export function adjustSaturation(picture: Picture, factor: number): Picture {
  if (picture.channels === 1) return picture;
  const grey = greyOf(picture);
  return blend(picture, factor, (i) => grey[Math.trunc(i / 3)]!);
}

/** Blends with a smoothed picture: Pillow's SMOOTH filter, which leaves the outermost pixels as they are. */
export function adjustSharpness(picture: Picture, factor: number): Picture {
  const { width, height, channels, pixels } = picture;
  if (width < 3 || height < 3) return picture;
  const row = width * channels;
  return blend(picture, factor, (i) => {
    const [x, y] = [Math.trunc((i % row) / channels), Math.trunc(i / row)];
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return pixels[i]!;
    let sum = 4 * pixels[i]!;
    for (let dy = -row; dy <= row; dy += row) {
      for (let dx = -channels; dx <= channels; dx += channels) sum += pixels[i + dy + dx]!;
    }
    return Math.round(sum / 13);
  });
}

/** Turns the colour wheel. A grey picture stays as it is. @param turn part of a full turn, −0.5 to 0.5 */
export function adjustHue(picture: Picture, turn: number): Picture {
  if (picture.channels === 1) return picture;
  const { pixels } = picture;
  const out = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = [pixels[i]!, pixels[i + 1]!, pixels[i + 2]!];
    const most = Math.max(r, g, b);
    const spread = most - Math.min(r, g, b);
    const sixth = spread === 0 ? 0 : sector(r, g, b, most, spread);
    const turned = (((sixth / 6 + turn) % 1) + 1) % 1;
    // A channel falls from the largest value by the spread, over a sixth of the turn on each side (HSV to RGB).
    [5, 3, 1].forEach((offset, c) => {
      const k = (offset + 6 * turned) % 6;
      out[i + c] = Math.round(most - spread * Math.max(0, Math.min(k, 4 - k, 1)));
    });
  }
  return withPixels(picture, out);
}

/** Where a colour is on the wheel, in sixths of a turn from red. */
function sector(r: number, g: number, b: number, most: number, spread: number): number {
  if (most === r) return (g - b) / spread;
  return most === g ? 2 + (b - r) / spread : 4 + (r - g) / spread;
}
