/** Images that a test makes itself, as a block. */
import type { ImageBlock } from "../src/data/image-block.js";

/** Images of a block, all in memory. */
export interface Floats extends Omit<ImageBlock, "read"> {
  /** [count, resolution, resolution, channels] */
  readonly images: Float32Array;
}

export type FloatBlock = Floats & ImageBlock;

export function floatBlock({ images, ...facts }: Floats): FloatBlock {
  const floats = images.length / facts.count;
  return { ...facts, images, read: (from, to) => Promise.resolve(images.subarray(from * floats, to * floats)) };
}
