/** Training batches of normalised floats; augmentation is a pure function of its key, so any order of work gives the same. */
import { random, type Key } from "../base/random.js";
import type { Images } from "./images.js";
import { scaleAndShift, type Normalization } from "./preprocessing.js";
import { resizeImages } from "./resize.js";

export interface Augmentation {
  /** Largest shift in pixels, each way; what comes in from outside is black. */
  readonly crop: number;
  /** Mirrors every second image on average. */
  readonly flip: boolean;
}

/**
 * @param key of the random streams; an image's own index is added to it
 * @returns [indices, resolution, resolution, channels], (pixel / 255 − mean) / std
 */
export function makeBatch(
  images: Images,
  indices: ArrayLike<number>,
  resolution: number,
  normalization: Normalization,
  augmentation?: Augmentation & { readonly key: readonly Key[] },
): Float32Array {
  const { height, width, channels, pixels } = images;
  const { scale, shift } = scaleAndShift(normalization);
  const batch = new Float32Array(indices.length * height * width * channels);
  let at = 0;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    let [dx, dy, mirror] = [0, 0, false];
    if (augmentation) {
      const draw = random(...augmentation.key, index);
      if (augmentation.crop > 0) {
        dx = draw.integer(2 * augmentation.crop + 1) - augmentation.crop;
        dy = draw.integer(2 * augmentation.crop + 1) - augmentation.crop;
      }
      mirror = augmentation.flip && draw.next() < 0.5;
    }
    for (let y = 0; y < height; y++) {
      const fromY = y + dy;
      for (let x = 0; x < width; x++) {
        const fromX = (mirror ? width - 1 - x : x) + dx;
        const inside = fromY >= 0 && fromY < height && fromX >= 0 && fromX < width;
        const from = ((index * height + fromY) * width + fromX) * channels;
        for (let c = 0; c < channels; c++) batch[at++] = (inside ? pixels[from + c]! : 0) * scale[c]! + shift[c]!;
      }
    }
  }
  return resizeImages(batch, { count: indices.length, from: height, to: resolution, channels });
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
