/** All images of a part. */
import type { Images, PixelImages } from "../../src/data/images.js";

/** With their pixels. */
export const allPixels = async ({ read, readParts: _, readWhole: __, ...facts }: Images): Promise<PixelImages> => ({
  ...facts,
  pixels: await read(Uint32Array.from({ length: facts.count }, (_, i) => i)),
});

/** Value of each image's first pixel. */
export async function firsts(images: Images): Promise<number[][]> {
  const { pixels, count, channels } = await allPixels(images);
  return Array.from({ length: count }, (_, i) => {
    const from = (i * pixels.length) / count;
    return [...pixels.subarray(from, from + channels)];
  });
}
