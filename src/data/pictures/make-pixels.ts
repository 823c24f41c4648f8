/** From a picture to pixels: the one way, on whichever thread it is done. */
import { bytesReduced, enoughFor, randomPart, reducedTo, type RandomParts } from "../augment/random-resized-crop.js";
import { decodePicture } from "./decode-picture.js";
import { storedRows, type StoredPicture } from "../pack/stored-picture.js";
import { prepare, type Evaluation } from "../preprocessing.js";
import { rowsOf, type Picture, type PictureRows } from "./picture.js";

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
  /** Where parts are wanted, gives the whole picture too, the source of other parts, if it takes no more bytes than this. */
  readonly keepsUpTo: number;
  /** Where the pixels go: [resolution or size, the same, channels]; empty where the whole picture is wanted. */
  readonly into: Uint8Array;
}

/** Orders of one kind have the same source once it is decoded. */
export const kindOf = (wanted: Wanted): string =>
  "parts" in wanted ? kindOf({ enough: enoughFor(wanted.parts, wanted.size) }) : JSON.stringify(wanted);

/**
 * @returns the whole picture where it is wanted or to be kept, in shared memory
 * @throws Error that says why the picture can't be read
 */
export async function makePixels({
  source,
  channels,
  wanted,
  keepsUpTo,
  into,
}: PixelOrder): Promise<Picture | undefined> {
  const picture = await rowsFrom(source, channels);
  const all = (): Picture => picture.rows(0, picture.height);
  if ("resolution" in wanted) {
    prepare(all(), wanted.resolution, wanted.evaluation, into);
    return undefined;
  }
  if ("enough" in wanted) return shared(reducedTo(wanted.enough, all()));
  const { parts, index, size } = wanted;
  const enough = enoughFor(parts, size);
  // What is kept is reduced once, what is not only where the part lies.
  const whole = bytesReduced(enough, picture) <= keepsUpTo ? reducedTo(enough, all()) : undefined;
  randomPart(whole ? rowsOf(whole) : picture, index, parts, size, into);
  return whole && shared(whole);
}

async function rowsFrom(source: PixelOrder["source"], channels: 1 | 3): Promise<PictureRows> {
  if (source instanceof Uint8Array) return rowsOf(await decodePicture(source, channels));
  return "path" in source ? storedRows(source) : rowsOf(source);
}

function shared({ pixels, ...picture }: Picture): Picture {
  const copy = new Uint8Array(new SharedArrayBuffer(pixels.length));
  copy.set(pixels);
  return { ...picture, pixels: copy };
}
