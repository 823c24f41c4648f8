/** A picture's classes: prepared as the certificate says, by the reader that every judgement uses. */
import { toChannelsFirst } from "../data/make-batch.js";
import { pixelMaker } from "../data/pictures/picture-crew.js";
import { pictureFault } from "../data/pictures/picture-fault.js";
import { HEAD_BYTES, pictureKind } from "../data/pictures/picture-kind.js";
import { evaluationOf, normalize, type Preprocessing } from "../data/preprocessing.js";
import type { PixelRoom } from "./pixel-room.js";
import { Refusal } from "./refusal.js";

/** The kinds that are taken, by what HTTP calls them. */
export const pictureTypes = ["image/png", "image/jpeg"] as const;
const kinds: readonly (string | undefined)[] = ["png", "jpeg"];

/**
 * @param most pixels that a picture may have
 * @param decoding where pictures wait to be decoded
 * @returns [channels, height, width]
 * @throws Refusal 400, 413, 415
 */
export async function pixelValuesOf(
  bytes: Buffer,
  preprocessing: Preprocessing,
  most: number,
  decoding: PixelRoom,
): Promise<Float32Array> {
  const pixels = await pixelsOf(bytes, most);
  const { channels, crop_size, image_mean: mean, image_std: std } = preprocessing;
  const resolution = crop_size.height;
  const into = new Uint8Array(resolution * resolution * channels);
  // Whatever the number: decoding and resizing keep a thread busy, and this one reads requests.
  const make = pixelMaker(Infinity);
  const order = {
    ...{ source: bytes, channels, keepsUpTo: 0, into },
    wanted: { resolution, evaluation: evaluationOf(preprocessing) },
  };
  await decoding(pixels, () => make(order)).catch((error: unknown) => {
    const { message } = error as Error;
    if (message.startsWith("internal: ")) throw error;
    throw unreadable(message);
  });
  return toChannelsFirst(normalize(into, { mean, std }), 1, channels);
}

/** How many pixels it has, by its first bytes and its header: nothing is decoded yet. @throws Refusal */
async function pixelsOf(bytes: Buffer, most: number): Promise<number> {
  if (bytes.length === 0) throw unreadable("it is empty");
  if (!kinds.includes(pictureKind(bytes.subarray(0, HEAD_BYTES))))
    throw new Refusal(415, "the body is no PNG or JPEG by its content");
  const { default: sharp } = await import("sharp");
  const { width, height } = await sharp(bytes, { limitInputPixels: false, ignoreIcc: true })
    .metadata()
    .catch((error: unknown) => {
      throw unreadable(pictureFault(bytes, error).message);
    });
  if (width * height <= most) return width * height;
  throw new Refusal(413, `the picture is ${width} × ${height}; want at most ${most} pixels`);
}

const unreadable = (why: string): Refusal => new Refusal(400, `the picture can't be read: ${why}`);

/** A class, and how probable it is. */
export interface Classified {
  readonly label: string;
  /** 0 to 1; those of all classes make 1. */
  readonly probability: number;
}

/** The most probable classes, by softmax. @param logits of one image */
export function topClasses(logits: Float32Array, labels: readonly string[], top: number): Classified[] {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const shares = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = shares.reduce((a, b) => a + b);
  return shares
    .map((share, i) => ({ label: labels[i]!, probability: share / sum }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
