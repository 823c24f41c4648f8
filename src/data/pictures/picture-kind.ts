/** Tells a picture by its first bytes. Whether it can be decoded is another question: decode-picture.ts. */

/** Bytes from the start of a file that decide. */
export const HEAD_BYTES = 136;

/** Brands of ISO media files that are pictures: HEIF, AVIF. Others are films. */
const pictureBrands = new Set(["avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "mif2", "msf1"]);
/** Lengths of a BMP's second header: two letters alone would take a text for a picture. */
const bmpHeaders = new Set([12, 16, 40, 52, 56, 64, 108, 124]);

interface Kind {
  readonly name: string;
  readonly is: (head: Buffer) => boolean;
}

const begins =
  (...starts: readonly (readonly number[] | string)[]) =>
  (head: Buffer): boolean =>
    starts.some((start) => head.subarray(0, start.length).equals(Buffer.from(start as string)));

const kinds: readonly Kind[] = [
  { name: "png", is: begins([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) },
  { name: "jpeg", is: begins([0xff, 0xd8, 0xff]) },
  { name: "gif", is: begins("GIF87a", "GIF89a") },
  { name: "webp", is: (head) => begins("RIFF")(head) && head.toString("latin1", 8, 12) === "WEBP" },
  { name: "tiff", is: begins("II*\0", "MM\0*", "II+\0", "MM\0+") },
  {
    name: "heif",
    is: (head) => head.toString("latin1", 4, 8) === "ftyp" && pictureBrands.has(head.toString("latin1", 8, 12)),
  },
  { name: "bmp", is: (head) => begins("BM")(head) && head.length >= 18 && bmpHeaders.has(head.readUInt32LE(14)) },
  { name: "jxl", is: begins([0xff, 0x0a], [0, 0, 0, 0x0c, 0x4a, 0x58, 0x4c, 0x20, 0x0d, 0x0a, 0x87, 0x0a]) },
  {
    name: "jp2",
    is: begins([0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a], [0xff, 0x4f, 0xff, 0x51]),
  },
  { name: "pnm", is: (head) => /^P[1-7]\s+[#\d]/.test(head.toString("latin1")) },
  { name: "psd", is: begins("8BPS") },
  { name: "exr", is: begins([0x76, 0x2f, 0x31, 0x01]) },
  { name: "hdr", is: begins("#?RADIANCE", "#?RGBE") },
  { name: "dds", is: begins("DDS ") },
  { name: "qoi", is: begins("qoif") },
  { name: "dicom", is: (head) => head.toString("latin1", 128, 132) === "DICM" },
];

/** What a file is by its first bytes; undefined: no picture. */
export const pictureKind = (head: Buffer): string | undefined => kinds.find(({ is }) => is(head))?.name;

/** Whether a file's name says that it is a picture. One whose content says otherwise is a broken picture. */
export const isNamedAsPicture = (name: string): boolean =>
  /\.(?:png|apng|jpe?g|jpe|jfif|webp|gif|tiff?|avif|bmp|dib|heic|heif|jxl|jp2)$/i.test(name);
