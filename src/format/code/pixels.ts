/**
 * A picture as a model takes it, by the words of preprocessor_config.json and to the bit as Pillow does it: resized in rows, then in columns,
 * in 22 bits of fixed point (Pillow's src/libImaging/Resample.c), cropped to the middle, scaled. It needs no library.
 */

/** What a certificate's `preprocessing` says. */
export interface Preprocessing {
  readonly channels: 1 | 3;
  readonly size: { readonly shortest_edge: number };
  /** 2: bilinear; 3: bicubic. */
  readonly resample: 2 | 3;
  readonly crop_size: { readonly height: number; readonly width: number };
  readonly rescale_factor: number;
  readonly image_mean: readonly number[];
  readonly image_std: readonly number[];
}

/** Decoded and upright: [height, width, channels] of bytes. Of 2 and 4 channels the last is alpha. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
  /** Its four channels are cyan, magenta, yellow and black. */
  readonly isCmyk?: boolean;
}

/** @returns [1, channels, height, width] */
export function pixelValues(picture: Picture, wanted: Preprocessing): Float32Array {
  const edge = wanted.size.shortest_edge;
  const { width: cropWidth, height: cropHeight } = wanted.crop_size;
  const shorter = Math.min(picture.width, picture.height);
  const [width, height] = [picture.width, picture.height].map((side) => Math.floor((edge * side) / shorter)) as [
    number,
    number,
  ];
  const columns = { to: width, start: Math.floor((width - cropWidth) / 2), count: cropWidth };
  const rows = { to: height, start: Math.floor((height - cropHeight) / 2), count: cropHeight };
  let image = inColours(picture, wanted.channels);
  const isCubic = wanted.resample === 3;
  // Pillow 13 shrinks height first where that is most of the work; cubics are cut to bytes in between, so the order matters.
  const shrinks = picture.height - height;
  const isHeightFirst = isCubic && shrinks > 0 && shrinks > 2 * (picture.width - width);
  image = isHeightFirst ? resizeHeight(image, rows, isCubic) : resizeWidth(image, columns, isCubic);
  image = isHeightFirst ? resizeWidth(image, columns, isCubic) : resizeHeight(image, rows, isCubic);
  return normalized(image.data, 1, wanted);
}

/**
 * @param bytes [images, height, width, channels]
 * @returns [images, channels, height, width]
 */
export function normalized(bytes: ArrayLike<number>, images: number, wanted: Preprocessing): Float32Array {
  const { channels, rescale_factor, image_mean, image_std } = wanted;
  const area = bytes.length / images / channels;
  const values = new Float32Array(bytes.length);
  for (let i = 0, from = 0; i < images; i++)
    for (let at = 0; at < area; at++)
      for (let c = 0; c < channels; c++, from++)
        values[(i * channels + c) * area + at] = (bytes[from]! * rescale_factor - image_mean[c]!) / image_std[c]!;
  return values;
}

/** Alpha is dropped; grey is Rec. 601 in 16 bits of fixed point. */
function inColours({ width, height, channels, data: samples, isCmyk }: Picture, wanted: 1 | 3): Picture {
  const data = isCmyk ? fromCmyk(samples) : samples;
  const bytes = new Uint8Array(width * height * wanted);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let at = 0, from = 0; at < width * height; at++, from += channels) {
    const [r, g, b] = [data[from]!, data[from + green]!, data[from + blue]!];
    if (wanted === 1) bytes[at] = channels < 3 ? r : (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    else {
      bytes[3 * at] = r;
      bytes[3 * at + 1] = g;
      bytes[3 * at + 2] = b;
    }
  }
  return { width, height, channels: wanted, data: bytes };
}

/** Pillow's cmyk2rgb; the fourth channel stays. */
function fromCmyk(cmyk: ArrayLike<number>): Uint8Array {
  const rgb = Uint8Array.from(cmyk);
  for (let at = 0; at < rgb.length; at += 4) {
    const light = 255 - cmyk[at + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = cmyk[at + c]! * light + 128;
      rgb[at + c] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return rgb;
}

/** The part of an axis that is wanted: `count` places from `start` on, where the whole axis becomes `to` long. */
interface Axis {
  readonly to: number;
  readonly start: number;
  readonly count: number;
}

const BITS = 22;

function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

/** For each wanted place, what of the source it is made of. */
function tapsOf(from: number, { to, start, count }: Axis, isCubic: boolean): { first: number; weights: number[] }[] {
  const scale = from / to;
  const widened = Math.max(scale, 1);
  const support = (isCubic ? 2 : 1) * widened;
  return Array.from({ length: count }, (_, i) => {
    const centre = (start + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const shares: number[] = [];
    for (let at = first; at < end; at++) {
      shares.push((isCubic ? cubic : triangle)((at - centre + 0.5) * (1 / widened)));
    }
    const sum = shares.reduce((total, share) => total + share, 0);
    return { first, weights: shares.map((share) => Math.trunc((share < 0 ? -0.5 : 0.5) + (share / sum) * 2 ** BITS)) };
  });
}

const toByte = (sum: number): number => Math.min(255, Math.max(0, (sum + (1 << (BITS - 1))) >> BITS));

function resizeWidth({ width, height, channels, data }: Picture, axis: Axis, isCubic: boolean): Picture {
  const taps = tapsOf(width, axis, isCubic);
  const bytes = new Uint8Array(height * axis.count * channels);
  let into = 0;
  for (let y = 0; y < height; y++)
    for (const { first, weights } of taps)
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0, from = (y * width + first) * channels + c; k < weights.length; k++, from += channels)
          sum += data[from]! * weights[k]!;
        bytes[into++] = toByte(sum);
      }
  return { width: axis.count, height, channels, data: bytes };
}

function resizeHeight({ width, height, channels, data }: Picture, axis: Axis, isCubic: boolean): Picture {
  const taps = tapsOf(height, axis, isCubic);
  const row = width * channels;
  const bytes = new Uint8Array(axis.count * row);
  let into = 0;
  for (const { first, weights } of taps)
    for (let x = 0; x < row; x++) {
      let sum = 0;
      for (let k = 0, from = first * row + x; k < weights.length; k++, from += row) sum += data[from]! * weights[k]!;
      bytes[into++] = toByte(sum);
    }
  return { width, height: axis.count, channels, data: bytes };
}
