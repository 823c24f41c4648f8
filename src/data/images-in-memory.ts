/** Images whose pixels are in memory. */
import { inParallel } from "../base/in-parallel.js";
import type { Images, PixelImages } from "./images.js";
import type { Picture } from "./picture.js";
import { prepare } from "./preprocessing.js";

/** @param pictureAt the pictures that the images were prepared from; without it, the images are the pictures */
export function imagesInMemory(
  { pixels, ...facts }: PixelImages,
  pictureAt?: (index: number) => Promise<Picture>,
): Images {
  const { height, width, channels } = facts;
  const bytes = height * width * channels;
  const pixelsOf = (index: number): Uint8Array => pixels.subarray(index * bytes, (index + 1) * bytes);
  return {
    ...facts,
    pixels,
    async read(indices, resolution = height) {
      const preparedBytes = resolution * resolution * channels;
      if (resolution === height) return concatenated(indices, bytes, pixelsOf);
      const prepared = new Uint8Array(indices.length * preparedBytes);
      await inParallel(indices.length, async (i) => {
        const index = indices[i]!;
        const picture = (await pictureAt?.(index)) ?? { height, width, channels, pixels: pixelsOf(index) };
        prepared.set(prepare(picture, resolution), i * preparedBytes);
      });
      return prepared;
    },
  };
}

function concatenated(indices: ArrayLike<number>, bytes: number, of: (index: number) => Uint8Array): Uint8Array {
  const all = new Uint8Array(indices.length * bytes);
  for (let i = 0; i < indices.length; i++) all.set(of(indices[i]!), i * bytes);
  return all;
}
