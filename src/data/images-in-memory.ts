/** Images whose pixels are in memory: they are the pictures. */
import { randomPart } from "./augment/random-resized-crop.js";
import type { Images, PixelImages } from "./images.js";
import { rowsOf, type Picture } from "./pictures/picture.js";
import { prepare } from "./preprocessing.js";

export function imagesInMemory({ pixels, ...facts }: PixelImages): Images {
  const { height, width, channels } = facts;
  const bytes = height * width * channels;
  const pictureAt = (index: number): Picture => ({
    ...{ height, width, channels },
    pixels: pixels.subarray(index * bytes, (index + 1) * bytes),
  });
  const concatenated = (
    indices: ArrayLike<number>,
    size: number,
    of: (picture: Picture, index: number) => Uint8Array,
    into?: Uint8Array,
  ): Promise<Uint8Array> => {
    const each = size * size * channels;
    const all = into ?? new Uint8Array(indices.length * each);
    for (let i = 0; i < indices.length; i++) all.set(of(pictureAt(indices[i]!), indices[i]!), i * each);
    return Promise.resolve(all);
  };
  return {
    ...facts,
    pixels,
    read: (indices, resolution = height, evaluation, into) =>
      concatenated(indices, resolution, (picture) => prepare(picture, resolution, evaluation), into),
    readParts: (indices, parts, into) =>
      concatenated(indices, height, (picture, index) => randomPart(rowsOf(picture), index, parts, height).pixels, into),
  };
}
