/** From a picture to pixels: the one way, on whichever thread it is done. */
import { enoughFor, randomPart, reducedTo, type RandomParts } from "../augment/random-resized-crop.js";
import { decodePicture } from "./decode-picture.js";
import { storedRows, type StoredPicture } from "../pack/stored-picture.js";
import { prepare, type Evaluation } from "../preprocessing.js";
import { rowsOf, type Picture } from "./picture.js";

/** What is made of a picture: itself as judgements take it, a random part of it, as training may, or itself as it was decoded. */
export type Wanted =
  | { readonly resolution: number; readonly evaluation?: Evaluation | undefined }
  | {
      readonly parts: RandomParts;
      /** By which the data set knows the picture. */
      readonly index: number;
      /** Height = width in pixels. */
      readonly size: number;
    }
  | {
      /** A longer shorter side is reduced by the largest whole factor that leaves so many pixels. */
      readonly enough: number;
    };

export interface PixelOrder {
  /** A file's bytes, what was kept of an earlier order, or a place in a pack. */
  readonly source: Uint8Array | Picture | StoredPicture;
  readonly channels: 1 | 3;
  readonly wanted: Wanted;
  /** Where parts are wanted, gives the whole picture too: the source of other parts. */
  readonly keepsWhole: boolean;
}

export interface MadePixels {
  /** [resolution or size, the same, channels]; none where the whole picture is wanted */
  readonly pixels: Uint8Array;
  /** In shared memory. */
  readonly whole?: Picture;
}

/** Orders of one kind have the same source once it is decoded. */
export const kindOf = (wanted: Wanted): string =>
  "parts" in wanted ? kindOf({ enough: enoughFor(wanted.parts, wanted.size) }) : JSON.stringify(wanted);

/** @throws Error that says why the picture can't be read */
export async function makePixels({ source, channels, wanted, keepsWhole }: PixelOrder): Promise<MadePixels> {
  if ("path" in source) return { pixels: storedPixels(source, wanted) };
  const picture = source instanceof Uint8Array ? await decodePicture(source, channels) : source;
  if ("resolution" in wanted) return { pixels: prepare(picture, wanted.resolution, wanted.evaluation) };
  if ("enough" in wanted) return { pixels: new Uint8Array(0), whole: shared(reducedTo(wanted.enough, picture)) };
  const { parts, index, size } = wanted;
  // What is kept is reduced once, what is not only where the part lies.
  const whole = keepsWhole ? reducedTo(enoughFor(parts, size), picture) : picture;
  const { pixels } = randomPart(rowsOf(whole), index, parts, size);
  return { pixels, ...(keepsWhole && { whole: shared(whole) }) };
}

function storedPixels(source: StoredPicture, wanted: Wanted): Uint8Array {
  const picture = storedRows(source);
  if ("parts" in wanted) return randomPart(picture, wanted.index, wanted.parts, wanted.size).pixels;
  if ("resolution" in wanted)
    return prepare(picture.rows(0, picture.height), wanted.resolution, wanted.evaluation).slice();
  throw new Error("internal: a whole picture of a pack");
}

function shared({ pixels, ...picture }: Picture): Picture {
  const copy = new Uint8Array(new SharedArrayBuffer(pixels.length));
  copy.set(pixels);
  return { ...picture, pixels: copy };
}
