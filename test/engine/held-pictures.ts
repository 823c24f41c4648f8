/** Pictures out of a set, as a device must take, shift and mirror them: to the byte what the host makes. */
import { random } from "../../src/base/random.js";
import { augmentationSchema } from "../../src/data/augment/augmentation.js";
import { changedPixels, movements } from "../../src/data/make-batch.js";
import type { HeldPicture } from "../../src/engine/held-pictures.js";

export interface HeldCase {
  readonly title: string;
  readonly size: number;
  readonly channels: 1 | 3;
  /** [pictures, size, size, channels] */
  readonly set: Uint8Array;
  readonly taken: readonly HeldPicture[];
  /** [taken, size, size, channels] */
  readonly wanted: Uint8Array;
}

const PICTURES = 9;
const TAKEN = 16;

const caseOf = (size: number, channels: 1 | 3, crop: number, flip: boolean): HeldCase => {
  const draw = random("held pictures", size, channels, crop);
  const each = size * size * channels;
  const set = Uint8Array.from({ length: PICTURES * each }, () => draw.integer(256));
  const indices = Uint32Array.from({ length: TAKEN }, () => draw.integer(PICTURES));
  const pixels = new Uint8Array(TAKEN * each);
  indices.forEach((index, place) => pixels.set(set.subarray(index * each, (index + 1) * each), place * each));
  const augmentation = { ...augmentationSchema.parse({ crop, flip }), key: ["held", crop] };
  return {
    ...{ title: `${size} px, ${channels} channels, crop ${crop}, flip ${flip}`, size, channels, set },
    taken: movements(indices, augmentation).map((movement, place) => ({ index: indices[place]!, ...movement })),
    wanted: changedPixels({ height: size, width: size, channels, pixels }, indices, augmentation),
  };
};

/** Sizes that fill whole words of four bytes and those that don't; shifts beyond the picture. */
export const heldCases: readonly HeldCase[] = [
  caseOf(8, 1, 0, false),
  caseOf(8, 1, 3, true),
  caseOf(7, 3, 2, true),
  caseOf(5, 1, 9, true),
  caseOf(5, 3, 1, false),
];
