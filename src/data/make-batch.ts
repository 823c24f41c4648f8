/** Training batches of normalised floats; augmentation is a pure function of its key, so any order of work gives the same. */
import { random, type Key } from "../base/random.js";
import { augmented, type Augmentation } from "./augment/augmentation.js";
import { drawRectangle, erase } from "./augment/random-erasing.js";
import type { PixelImages } from "./images.js";
import type { Part } from "./pictures/pillow-resize.js";
import { normalize, type Normalization } from "./preprocessing.js";
import { resizeImages } from "./resize.js";

/** How a batch changes its images. */
export interface KeyedAugmentation extends Augmentation {
  /** What names the random streams; an image's own index is added to it. */
  readonly key: readonly Key[];
}

/** A training picture's pixels, in memory. */
type Pixels = Pick<PixelImages, "height" | "width" | "channels" | "pixels">;

/**
 * @param images one for each of the indices, in their order
 * @param indices by which the data set knows them
 * @returns [indices, resolution, resolution, channels], (pixel / 255 − mean) / std
 */
export function makeBatch(
  images: Pixels,
  indices: ArrayLike<number>,
  resolution: number,
  normalization: Normalization,
  augmentation?: KeyedAugmentation,
): Float32Array {
  const { height: size, width, channels } = images;
  const each = size * width * channels;
  const pixels = augmentation
    ? changedPixels(images, indices, augmentation)
    : images.pixels.subarray(0, indices.length * each);
  const batch = normalize(pixels, normalization);
  erasedParts(size, indices, augmentation)?.forEach((part, place) => {
    if (part) erase(batch.subarray(place * each, (place + 1) * each), size, channels, part);
  });
  return resizeImages(batch, { count: indices.length, from: size, to: resolution, channels });
}

/** The images with their colours changed, shifted and mirrored: [indices, height, width, channels]. */
export function changedPixels(images: Pixels, indices: ArrayLike<number>, augmentation: KeyedAugmentation): Uint8Array {
  const { height: size, width, channels, pixels } = images;
  const each = size * width * channels;
  const moved = new Uint8Array(indices.length * each);
  for (let place = 0; place < indices.length; place++) {
    const own = pixels.subarray(place * each, (place + 1) * each);
    const key = [...augmentation.key, indices[place]!];
    const changed = augmented({ height: size, width, channels, pixels: own }, augmentation, key).pixels;
    move(changed, moved.subarray(place * each, (place + 1) * each), { size, channels }, movement(augmentation, key));
  }
  return moved;
}

/** Writes a moved image, [size, size, channels], into black. */
function move(
  image: Uint8Array,
  into: Uint8Array,
  { size, channels }: { readonly size: number; readonly channels: number },
  { dx, dy, mirror }: Movement,
): void {
  const [first, end] = [Math.max(0, dx), Math.min(size, size + dx)];
  if (first >= end) return;
  for (let y = Math.max(0, -dy); y < Math.min(size, size - dy); y++) {
    const [to, from] = [y * size * channels, (y + dy) * size * channels];
    if (!mirror) {
      into.set(image.subarray(from + first * channels, from + end * channels), to + (first - dx) * channels);
      continue;
    }
    for (let x = first; x < end; x++) {
      const mirrored = from + (size - 1 - x + dx) * channels;
      for (let c = 0; c < channels; c++) into[to + x * channels + c] = image[mirrored + c]!;
    }
  }
}

/** The rectangle of each image that random erasing takes; undefined where the augmentation has none. */
export function erasedParts(
  size: number,
  indices: ArrayLike<number>,
  augmentation: KeyedAugmentation | undefined,
): (Part | undefined)[] | undefined {
  if (!augmentation?.randomErasing) return undefined;
  const { key, randomErasing } = augmentation;
  const whole = { width: size, height: size };
  return Array.from(indices, (index) => drawRectangle(random(...key, index, "randomErasing"), whole, randomErasing));
}

/** Where a shifted and mirrored image is read, in pixels; what comes in from outside is black. */
export interface Movement {
  readonly dx: number;
  readonly dy: number;
  readonly mirror: boolean;
}

/** How each image is shifted and mirrored. */
export const movements = (indices: Uint32Array, augmentation: KeyedAugmentation): Movement[] =>
  Array.from(indices, (index) => movement(augmentation, [...augmentation.key, index]));

function movement({ crop, flip }: Augmentation, key: readonly Key[]): Movement {
  const draw = random(...key);
  const shift = (): number => (crop > 0 ? draw.integer(2 * crop + 1) - crop : 0);
  const [dx, dy] = [shift(), shift()];
  return { dx, dy, mirror: flip && draw.next() < 0.5 };
}

/** NHWC to NCHW, as ONNX wants it; the same array for one channel. */
export function toChannelsFirst(batch: Float32Array, count: number, channels: number): Float32Array {
  if (channels === 1) return batch;
  const pixels = batch.length / count / channels;
  const out = new Float32Array(batch.length);
  for (let n = 0; n < count; n++) {
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < channels; c++) out[(n * channels + c) * pixels + p] = batch[(n * pixels + p) * channels + c]!;
    }
  }
  return out;
}
