/** A picture in a pack's file: its rows are read where they lie, by whichever thread makes pixels of them, and checked. */
import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Picture, PictureRows } from "../pictures/picture.js";

/** Where a picture lies, and what it is checked by. */
export interface StoredPicture extends Omit<Picture, "pixels"> {
  readonly path: string;
  /** The first byte of its pixels: [height, width, channels]. */
  readonly at: number;
  /** CRC-32 of each band of rows, so that a part can be checked without the rest. */
  readonly checks: Uint32Array;
}

/** Bytes of a band, unless a row is longer. */
const BAND = 1 << 16;

/** Rows of a band; the last one may have fewer. */
export const bandRows = ({ width, channels }: Pick<Picture, "width" | "channels">): number =>
  Math.max(1, Math.floor(BAND / (width * channels)));

export const bandsOf = (picture: Omit<Picture, "pixels">): number => Math.ceil(picture.height / bandRows(picture));

/** @returns the CRC-32 of each band of a picture */
export function checksOf(picture: Picture): Uint32Array {
  const bytes = bandRows(picture) * picture.width * picture.channels;
  return Uint32Array.from({ length: bandsOf(picture) }, (_, i) =>
    crc32(picture.pixels.subarray(i * bytes, (i + 1) * bytes)),
  );
}

/** What a thread reads into, again and again: memory stays what the largest picture needs. */
let buffer = new Uint8Array(0);

/** `rows` throws an Error that says what is wrong with the file. */
export function storedRows({ path, at, checks, ...facts }: StoredPicture): PictureRows {
  const row = facts.width * facts.channels;
  const band = bandRows(facts);
  return {
    ...facts,
    rows(top, height) {
      const [first, last] = [Math.floor(top / band), Math.ceil((top + height) / band)];
      const from = first * band * row;
      const bytes = Math.min(last * band, facts.height) * row - from;
      if (buffer.length < bytes) buffer = new Uint8Array(bytes);
      const read = buffer.subarray(0, bytes);
      readInto(read, path, at + from);
      for (let i = first; i < last; i++) {
        const start = (i - first) * band * row;
        if (crc32(read.subarray(start, start + band * row)) !== checks[i]) throw new Error("damaged");
      }
      const skipped = top * row - from;
      return { ...facts, height, pixels: read.subarray(skipped, skipped + height * row) };
    },
  };
}

function readInto(bytes: Uint8Array, path: string, at: number): void {
  const file = opened(path);
  try {
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(file, bytes, done, bytes.length - done, at + done);
      if (read === 0) throw new Error("cut off");
      done += read;
    }
  } finally {
    closeSync(file);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw new Error("not readable", { cause: error });
  }
}
