/** What the pictures of a source are like, from the headers of a sample: nothing is decoded. */
import type { Entry, Listing } from "./listing.js";

/** Pictures looked at. */
const SAMPLE = 400;

/** The pictures of a source. */
export interface PictureSample {
  /** Shorter sides in pixels: the shortest, the one in the middle, the longest. */
  readonly sides: { readonly smallest: number; readonly median: number; readonly largest: number };
  /** 1: all of them are grey. */
  readonly channels: 1 | 3;
}

/** @returns undefined if none can be read */
export async function samplePictures({ train, test, validation }: Listing): Promise<PictureSample | undefined> {
  const all = [...train, ...validation, ...test];
  const count = Math.min(SAMPLE, all.length);
  const sides: number[] = [];
  let isGrey = true;
  for (let i = 0; i < count; i++) {
    const seen = await look(all[Math.floor((i * all.length) / count)]!);
    if (!seen) continue;
    sides.push(seen.side);
    isGrey &&= seen.isGrey;
  }
  if (sides.length === 0) return undefined;
  sides.sort((a, b) => a - b);
  const at = (share: number): number => sides[Math.floor(share * (sides.length - 1))]!;
  return { sides: { smallest: at(0), median: at(0.5), largest: at(1) }, channels: isGrey ? 1 : 3 };
}

/** Undefined for a broken picture: reading the data set names it. */
async function look(entry: Entry): Promise<{ side: number; isGrey: boolean } | undefined> {
  const { default: sharp } = await import("sharp");
  try {
    const { width, height, channels } = await sharp(await entry.read(), { ignoreIcc: true }).metadata();
    return { side: Math.min(width, height), isGrey: channels < 3 };
  } catch {
    return undefined;
  }
}
