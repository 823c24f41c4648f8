/** Pictures of every kind, cut off at random places, and files that are pictures by their names alone. */
import sharp, { type Sharp } from "sharp";
import { random } from "../../../src/base/random.js";
import { trainOn } from "../bad-data.js";
import type { BadInput } from "../bad-input.js";
import { cutAnywhere, times } from "./damage.js";

const [WIDTH, HEIGHT] = [40, 30];
/** Pictures that no format packs into nothing. */
function noise(): Sharp {
  const draw = random("noise");
  const pixels = Buffer.from(times(WIDTH * HEIGHT * 3, () => draw.integer(256)));
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
}

/** TIFF as cameras and Pillow write it: the directory first, then the pixels. */
function directoryFirst(): Buffer {
  const tags = [
    [256, WIDTH],
    [257, HEIGHT],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 122],
    [277, 1],
    [278, HEIGHT],
    [279, WIDTH * HEIGHT],
  ] as const;
  const head = Buffer.alloc(122);
  head.write("II*\0", "latin1");
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(tags.length, 8);
  tags.forEach(([tag, value], i) => {
    const at = 10 + 12 * i;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(4, at + 2);
    head.writeUInt32LE(1, at + 4);
    head.writeUInt32LE(value, at + 8);
  });
  const draw = random("tiff");
  return Buffer.concat([head, Buffer.from(times(WIDTH * HEIGHT, () => draw.integer(256)))]);
}

function bitmap(): Buffer {
  const head = Buffer.alloc(54);
  head.write("BM", "latin1");
  head.writeUInt32LE(54 + 3 * WIDTH * HEIGHT, 2);
  head.writeUInt32LE(54, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(WIDTH, 18);
  head.writeInt32LE(HEIGHT, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(24, 28);
  return Buffer.concat([head, Buffer.alloc(3 * WIDTH * HEIGHT, 90)]);
}

/** Whole pictures that can be read. */
export const wholePictures: Readonly<Record<string, Buffer>> = {
  "a.jpg": await noise().jpeg().toBuffer(),
  "progressive.jpg": await noise().jpeg({ progressive: true }).toBuffer(),
  "cmyk.jpg": await noise().toColourspace("cmyk").jpeg().toBuffer(),
  "a.png": await noise().png().toBuffer(),
  "interlaced.png": await noise().png({ progressive: true }).toBuffer(),
  "palette.png": await noise().png({ palette: true }).toBuffer(),
  "a.gif": await noise().gif().toBuffer(),
  "a.webp": await noise().webp().toBuffer(),
  "lossless.webp": await noise().webp({ lossless: true }).toBuffer(),
  "a.tiff": await noise().tiff({ compression: "lzw" }).toBuffer(),
  "first.tif": directoryFirst(),
};

const good = await noise().png().toBuffer();

/** Class folders in which one picture is bad. */
const withPicture = (name: string, file: string, bytes: Uint8Array, ...says: (string | RegExp)[]): BadInput => ({
  name: `a picture: ${name}`,
  args: trainOn("photos"),
  says: [`photos/dog/${file} is not readable`, "want a whole image", "train --skip-broken", ...says],
  async prepare({ write }) {
    for (const at of ["cat", "dog"])
      for (const i of times(6, (i) => i)) await write(`photos/${at}/good-${i}.png`, good);
    await write(`photos/dog/${file}`, bytes);
  },
});

/** The last bytes of some formats hold no pixels. */
const CUT_BEFORE = 0.95;

export const badPictures = (seed: number): BadInput[] => [
  ...Object.entries(wholePictures).flatMap(([file, bytes]) =>
    times(3, (i) => {
      const cut = cutAnywhere(bytes, random(seed, file, i), CUT_BEFORE);
      return withPicture(`${file} cut off after ${cut.length} of ${bytes.length} bytes`, file, cut);
    }),
  ),
  withPicture("an empty file", "a.jpg", Buffer.alloc(0), "it is empty"),
  withPicture("a text", "a.jpg", Buffer.from("<html>404 Not Found</html>"), "no picture by its content"),
  withPicture("a bitmap", "a.bmp", bitmap(), /a bmp picture, not jpeg, png/),
  withPicture("an AVIF", "a.avif", Buffer.from("\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B", "latin1"), /heif|avif/),
  withPicture("of 60,000 by 60,000 pixels", "a.png", hugePng(60_000), "pixels"),
];

/** A PNG's header, which promises more pixels than there are. */
function hugePng(side: number): Buffer {
  const bytes = Buffer.from(good);
  bytes.writeUInt32BE(side, 16);
  bytes.writeUInt32BE(side, 20);
  bytes.writeUInt32BE(crc(bytes.subarray(12, 29)), 29);
  return bytes;
}

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return ~value >>> 0;
}
