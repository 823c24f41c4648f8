/**
 * Decodes a picture as Pillow does: the first frame, turned by its EXIF or XMP orientation; of 16 bits the high byte; colour profiles ignored,
 * alpha dropped; CMYK to RGB, and colours to grey by Rec. 601, in Pillow's own integers. The formats' decoders agree to the bit, because
 * both use the same libraries; AVIF's do not agree on colours, so AVIF is refused.
 */
import type { Sharp } from "sharp";
import { opaqueGif, paintAround } from "./gif.js";
import { orientationOf, tagIn, turns } from "./orientation.js";
import { pictureFault, readable } from "./picture-fault.js";
import type { Picture } from "./picture.js";

const depths: readonly string[] = ["uchar", "ushort"];

/**
 * @param bytes of a file
 * @throws Error that says why it can't be read
 */
export async function decodePicture(bytes: Uint8Array, channels: 1 | 3): Promise<Picture> {
  // Loaded here: other data sets can do without it, and every command would wait for it.
  const { default: sharp } = await import("sharp");
  const fault = (error: unknown): never => {
    throw pictureFault(bytes, error);
  };
  if (bytes.length === 0) throw pictureFault(bytes, new Error("empty"));
  const metadata = await sharp(bytes, { ignoreIcc: true }).metadata().catch(fault);
  const { format, space, depth } = metadata;
  if (!readable.includes(format)) throw new Error(`a ${format} picture, not ${readable.join(", ")}`);
  if (!depths.includes(depth)) throw new Error(`its pixels are numbers of the kind ${depth}, not of 8 or 16 bits`);
  if (format === "tiff" && isPlainYcc(bytes)) throw new Error("its colours are YCbCr, and not a JPEG's");
  const gif = format === "gif" ? opaqueGif(bytes) : undefined;
  const upright = turned(sharp(gif?.bytes ?? bytes, { ignoreIcc: true }), turns[orientationOf(bytes, metadata)]);
  const isCmyk = space === "cmyk";
  const { data, info } = await (isCmyk ? upright.pipelineColourspace("cmyk").toColourspace("cmyk") : upright)
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(fault);
  if (gif) paintAround(data, info, gif);
  const rgb = isCmyk ? fromCmyk(data) : fromSamples(data, info.channels);
  return { width: info.width, height: info.height, channels, pixels: channels === 1 ? greyOf(rgb) : rgb };
}

/** libvips takes the three numbers for RGB. In TIFF's tags: photometric interpretation YCbCr, compression JPEG. */
const isPlainYcc = (bytes: Uint8Array): boolean => tagIn(bytes, 262) === 6 && tagIn(bytes, 259) !== 7;

function turned(picture: Sharp, { mirror, degrees }: (typeof turns)[1]): Sharp {
  if (mirror) picture.flop();
  return degrees === 0 ? picture : picture.rotate(degrees);
}

/** RGB of grey, grey and alpha, RGB, or RGB and alpha. */
function fromSamples(samples: Uint8Array, each: number): Uint8Array {
  if (each === 3) return samples;
  const rgb = new Uint8Array((samples.length / each) * 3);
  const step = each < 3 ? 0 : 1;
  for (let from = 0, to = 0; from < samples.length; from += each, to += 3)
    for (let c = 0; c < 3; c++) rgb[to + c] = samples[from + c * step]!;
  return rgb;
}

/** Pillow's cmyk2rgb. */
function fromCmyk(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let from = 0, to = 0; from < cmyk.length; from += 4, to += 3) {
    const light = 255 - cmyk[from + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = cmyk[from + c]! * light + 128;
      rgb[to + c] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return rgb;
}

/** Pillow's rgb2l: grey by Rec. 601 in 16 bits of fixed point. It leaves greys as they are. */
function greyOf(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let i = 0, from = 0; i < grey.length; i++, from += 3)
    grey[i] = (rgb[from]! * 19595 + rgb[from + 1]! * 38470 + rgb[from + 2]! * 7471 + 0x8000) >> 16;
  return grey;
}
