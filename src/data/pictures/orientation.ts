/**
 * Which side of a picture is up, as Pillow's `ImageOps.exif_transpose` finds it: by EXIF, or else by XMP, as Lightroom writes it. libvips reads EXIF
 * alone, and of a PNG only what lies before its pixels. The code has no imports of ours: folders for Node take it along.
 */
import { inflateSync } from "node:zlib";

/** 1 to 8, as EXIF numbers them; 1: as it is stored. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** What sharp's `metadata` knows of a file. */
export interface KnownMetadata {
  readonly format?: string;
  readonly exif?: Uint8Array | undefined;
  readonly xmp?: Uint8Array | undefined;
}

/** @param bytes of the file */
export function orientationOf(bytes: Uint8Array, known: KnownMetadata): Orientation {
  const { exif, xmp } = known.format === "png" ? inPng(bytes) : { ...known, ...(isTiff(bytes) && { exif: bytes }) };
  const found = (exif && tagIn(exif, ORIENTATION)) ?? (xmp && inXmp(xmp)) ?? 1;
  return (found >= 1 && found <= 8 ? found : 1) as Orientation;
}

/** What sharp has to do, in its own order: mirror, then turn. */
export const turns: Readonly<Record<Orientation, { readonly mirror: boolean; readonly degrees: 0 | 90 | 180 | 270 }>> =
  {
    1: { mirror: false, degrees: 0 },
    2: { mirror: true, degrees: 0 },
    3: { mirror: false, degrees: 180 },
    4: { mirror: true, degrees: 180 },
    5: { mirror: true, degrees: 270 },
    6: { mirror: false, degrees: 90 },
    7: { mirror: true, degrees: 90 },
    8: { mirror: false, degrees: 270 },
  };

const isTiff = (bytes: Uint8Array): boolean => /^(?:II[*+]\0|MM\0[*+])/.test(text(bytes.subarray(0, 4)));
const asBuffer = ({ buffer, byteOffset, length }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, length);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const ORIENTATION = 0x112;
/** Bytes of numbers of the types SHORT and LONG. */
const widths: Readonly<Record<number, number>> = { 3: 2, 4: 4 };

/** A number in the first directory of a TIFF structure, also BigTIFF; undefined: it has none, or is damaged. */
export function tagIn(bytes: Uint8Array, tag: number): number | undefined {
  const data = asBuffer(bytes);
  const tiff = text(data.subarray(0, 6)) === "Exif\0\0" ? data.subarray(6) : data;
  if (!isTiff(tiff)) return undefined;
  const isLittle = tiff[0] === 0x49;
  const number = (at: number, width: number): number =>
    isLittle ? tiff.readUIntLE(at, width) : tiff.readUIntBE(at, width);
  // Offsets of eight bytes are read up to 2^48.
  const wide = (at: number): number => number(isLittle ? at : at + 2, 6);
  const isBig = number(2, 2) === 43;
  const valueAt = (at: number): number => {
    const width = widths[number(at + 2, 2)];
    return width === undefined ? 0 : number(at + (isBig ? 12 : 8), width);
  };
  try {
    const start = isBig ? wide(8) : number(4, 4);
    const [count, first, size] = isBig ? [wide(start), start + 8, 20] : [number(start, 2), start + 2, 12];
    for (let at = first; at < first + count * size; at += size)
      // The first of several tags counts, and the first of several numbers.
      if (number(at, 2) === tag) return valueAt(at);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function inXmp(xmp: Uint8Array): number | undefined {
  const found = /tiff:Orientation(?:="|>)([0-9])/.exec(text(xmp))?.[1];
  return found === undefined ? undefined : Number(found);
}

/** What lies before or after the pixels: eXIf, ImageMagick's profile of EXIF as text, XMP. */
function inPng(file: Uint8Array): { exif?: Uint8Array; xmp?: Uint8Array } {
  const bytes = asBuffer(file);
  let [exif, profile, xmp]: (Buffer | undefined)[] = [];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const kind = text(bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at));
    if (kind === "eXIf") exif = content;
    if (!/^(?:tEXt|zTXt|iTXt)$/.test(kind)) continue;
    const [, keyword, rest] = /^(Raw profile type exif|XML:com\.adobe\.xmp)\0(.*)$/s.exec(text(content)) ?? [];
    if (keyword === undefined) continue;
    const value = textIn(kind, Buffer.from(rest!, "latin1"));
    if (keyword.startsWith("XML")) xmp = value;
    // Three lines of name and length, then hexadecimal digits.
    else profile = Buffer.from(text(value).split("\n").slice(3).join(""), "hex");
  }
  const found = exif ?? profile;
  return { ...(found && { exif: found }), ...(xmp && { xmp }) };
}

/** Bytes of a text that is unpacked. */
const MOST_TEXT = 1 << 24;

/** tEXt is plain, zTXt is packed after a byte, iTXt is either after two flags and two names that end in zeros. */
function textIn(kind: string, value: Buffer): Buffer {
  if (kind === "tEXt") return value;
  const isPacked = kind === "zTXt" || value[0] === 1;
  const start = kind === "zTXt" ? 1 : value.indexOf(0, value.indexOf(0, 2) + 1) + 1;
  const rest = value.subarray(start);
  try {
    return isPacked ? inflateSync(rest, { maxOutputLength: MOST_TEXT }) : rest;
  } catch {
    return Buffer.alloc(0);
  }
}
