/** From a picture to pixels: the one way, on whichever thread it is done. */
import { enoughFor, randomPart, reducedFor, type RandomParts } from "../augment/random-resized-crop.js";
import { decodePicture } from "./decode-picture.js";
import type { Picture } from "./picture.js";
import { prepare, type Evaluation } from "../preprocessing.js";

/** What is made of a picture: itself as judgements take it, or a random part of it, as training may. */
export type Wanted =
  | { readonly resolution: number; readonly evaluation?: Evaluation | undefined }
  | {
      readonly parts: RandomParts;
      /** By which the data set knows the picture. */
      readonly index: number;
      /** Height = width in pixels. */
      readonly size: number;
    };

export interface PixelOrder {
  /** A file's bytes, or what was kept of an earlier order. */
  readonly source: Uint8Array | Picture;
  readonly channels: 1 | 3;
  readonly wanted: Wanted;
  /** Where parts are wanted, gives the whole picture too: the source of other parts. */
  readonly keepsWhole: boolean;
}

export interface MadePixels {
  /** [resolution or size, the same, channels] */
  readonly pixels: Uint8Array;
  /** In shared memory. */
  readonly whole?: Picture;
}

/** Orders of one kind have the same source once it is decoded. */
export const kindOf = (wanted: Wanted): string =>
  "resolution" in wanted ? JSON.stringify(wanted) : `parts of ${enoughFor(wanted.parts, wanted.size)}`;

/** @throws Error that says why the picture can't be read */
export async function makePixels({ source, channels, wanted, keepsWhole }: PixelOrder): Promise<MadePixels> {
  const picture = source instanceof Uint8Array ? await decodePicture(source, channels) : source;
  if ("resolution" in wanted) return { pixels: prepare(picture, wanted.resolution, wanted.evaluation) };
  const { parts, index, size } = wanted;
  const whole = reducedFor(parts, picture, size);
  const { pixels } = randomPart(whole, index, parts, size);
  return { pixels, ...(keepsWhole && { whole: shared(whole) }) };
}

function shared({ pixels, ...picture }: Picture): Picture {
  const copy = new Uint8Array(new SharedArrayBuffer(pixels.length));
  copy.set(pixels);
  return { ...picture, pixels: copy };
}
