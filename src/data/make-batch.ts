/** Training batches of normalised floats; augmentation is a pure function of its key, so any order of work gives the same. */
import { random, type Key } from "../base/random.js";
import { atSize, augmented, type Augmentation } from "./augment/augmentation.js";
import { drawRectangle, erase } from "./augment/random-erasing.js";
import type { PixelImages } from "./images.js";
import type { Picture } from "./picture.js";
import { scaleAndShift, type Normalization } from "./preprocessing.js";
import { resizeImages } from "./resize.js";

/** How a batch changes its images. */
export interface KeyedAugmentation extends Augmentation {
  /** What names the random streams; an image's own index is added to it. */
  readonly key: readonly Key[];
}

/**
 * @param images one for each of the indices, in their order
 * @param indices by which the data set knows them
 * @returns [indices, resolution, resolution, channels], (pixel / 255 − mean) / std
 */
export function makeBatch(
  images: Pick<PixelImages, "height" | "width" | "channels" | "pixels">,
  indices: ArrayLike<number>,
  resolution: number,
  normalization: Normalization,
  augmentation?: KeyedAugmentation,
): Float32Array {
  const { height, width, channels, pixels } = images;
  const bytes = height * width * channels;
  const pictures = Array.from(indices, (_, place): Picture => {
    return { height, width, channels, pixels: pixels.subarray(place * bytes, (place + 1) * bytes) };
  });
  const batch = batchOf(pictures, indices, { size: height, normalization, augmentation });
  return resizeImages(batch, { count: indices.length, from: height, to: resolution, channels });
}

export interface BatchOptions {
  /** Height = width of the result, in pixels. */
  readonly size: number;
  readonly normalization: Normalization;
  readonly augmentation?: KeyedAugmentation | undefined;
}

/**
 * @param pictures of any size, all with the same channels
 * @param indices of the pictures in their data set
 * @returns [pictures, size, size, channels], (pixel / 255 − mean) / std
 */
export function batchOf(
  pictures: readonly Picture[],
  indices: ArrayLike<number>,
  { size, normalization, augmentation }: BatchOptions,
): Float32Array {
  const channels = normalization.mean.length;
  const { scale, shift } = scaleAndShift(normalization);
  const floats = size * size * channels;
  const batch = new Float32Array(pictures.length * floats);
  pictures.forEach((picture, place) => {
    const key = [...(augmentation?.key ?? []), indices[place]!];
    const { pixels } = augmentation ? augmented(picture, augmentation, key, size) : atSize(picture, size);
    const { dx, dy, mirror } = augmentation ? movement(augmentation, key) : still;
    let at = place * floats;
    for (let y = 0; y < size; y++) {
      const fromY = y + dy;
      for (let x = 0; x < size; x++) {
        const fromX = (mirror ? size - 1 - x : x) + dx;
        const inside = fromY >= 0 && fromY < size && fromX >= 0 && fromX < size;
        const from = (fromY * size + fromX) * channels;
        for (let c = 0; c < channels; c++) batch[at++] = (inside ? pixels[from + c]! : 0) * scale[c]! + shift[c]!;
      }
    }
    if (!augmentation?.randomErasing) return;
    const whole = { width: size, height: size };
    const rectangle = drawRectangle(random(...key, "randomErasing"), whole, augmentation.randomErasing);
    if (rectangle) erase(batch.subarray(place * floats, (place + 1) * floats), size, channels, rectangle);
  });
  return batch;
}

/** Where a shifted and mirrored image is read, in pixels; what comes in from outside is black. */
interface Movement {
  readonly dx: number;
  readonly dy: number;
  readonly mirror: boolean;
}

const still: Movement = { dx: 0, dy: 0, mirror: false };

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
