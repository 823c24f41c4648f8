/** Pictures that libvips alone reads otherwise than Pillow: turned by what it doesn't know, and frames smaller than the picture. */
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { decodePicture } from "../../src/data/pictures/decode-picture.js";

const [width, height] = [5, 3];
const raw = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256);
const picture = () => sharp(raw, { raw: { width, height, channels: 3 } });
const xmp = (orientation: number): string =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="${orientation}"/></rdf:RDF></x:xmpmeta>`;

/** EXIF that says so, as a TIFF structure of one number. */
const exif = (orientation: number): Buffer =>
  Buffer.from([...Buffer.from("MM\0*"), 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]);

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "orientation %s of XMP turns a picture as that of EXIF does",
  async (orientation) => {
    const wanted = await decodePicture(await picture().withMetadata({ orientation }).png().toBuffer(), 3);
    expect([wanted.width, wanted.height]).toEqual(orientation < 5 ? [width, height] : [height, width]);
    const plain = await picture().png().toBuffer();
    for (const format of ["png", "webp"] as const) {
      const bytes = await picture().withXmp(xmp(orientation)).toFormat(format, { lossless: true }).toBuffer();
      expect(await decodePicture(bytes, 3), format).toEqual(wanted);
    }
    // After the pixels, as exiftool writes it.
    const end = plain.subarray(-12);
    const late = Buffer.concat([plain.subarray(0, -12), chunk("eXIf", exif(orientation)), end]);
    expect(await decodePicture(late, 3), "late").toEqual(wanted);
  },
);

test("EXIF goes before XMP, and a number that no orientation has turns nothing", async () => {
  const plain = await decodePicture(await picture().png().toBuffer(), 3);
  const both = async (orientation: number): Promise<unknown> => {
    const bytes = await picture().withXmp(xmp(6)).png().toBuffer();
    const late = Buffer.concat([bytes.subarray(0, -12), chunk("eXIf", exif(orientation)), bytes.subarray(-12)]);
    return decodePicture(late, 3);
  };
  expect(await both(1)).toEqual(plain);
  expect(await both(9)).toEqual(plain);
  expect(await both(3)).not.toEqual(plain);
});

test("what a GIF's first frame leaves free has the transparent colour, else the palette's first", async () => {
  const palette = Uint8Array.from({ length: 384 }, (_, i) => (i * 91) % 256);
  const rgbAt = async (control: readonly number[]): Promise<number[]> => {
    const bytes = Buffer.from([
      ...Buffer.from("GIF89a"),
      ...[4, 0, 3, 0, 0x86, 0, 0, ...palette, ...control],
      // A frame of one pixel at (1, 1), of palette's fifth colour: clear, 5, end in eight bits each.
      ...[0x2c, 1, 0, 1, 0, 1, 0, 1, 0, 0, 7, 3, 0x80, 5, 0x81, 0, 0x3b],
    ]);
    const { pixels, ...size } = await decodePicture(bytes, 3);
    expect(size).toEqual({ width: 4, height: 3, channels: 3 });
    expect([...pixels.subarray(15, 18)]).toEqual([...palette.subarray(15, 18)]);
    return [...pixels.subarray(0, 3)];
  };
  expect(await rgbAt([])).toEqual([...palette.subarray(0, 3)]);
  expect(await rgbAt([0x21, 0xf9, 4, 1, 0, 0, 9, 0])).toEqual([...palette.subarray(27, 30)]);
});

test("a TIFF of plain YCbCr is refused: its numbers are no colours that a net has seen", async () => {
  const bytes = await picture().tiff({ compression: "none" }).toBuffer();
  const tag = Buffer.from([0x06, 0x01, 3, 0, 1, 0, 0, 0, 2]);
  const at = bytes.indexOf(tag);
  expect(at).toBeGreaterThan(0);
  bytes[at + 8] = 6;
  await expect(decodePicture(bytes, 3)).rejects.toThrow("its colours are YCbCr");
});

function chunk(kind: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}
