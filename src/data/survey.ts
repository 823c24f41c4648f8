/** What a data set is known by: its fingerprint, and what normalisation needs. One pass over the images, some at a time. */
import { createHash, type Hash } from "node:crypto";
import type { ImageFacts, Images } from "./images.js";
import type { Normalization } from "./preprocessing.js";

/** What one pass over the pixels of a data set finds. */
export interface Survey extends Normalization {
  readonly fingerprint: string;
}

/** Bytes of pixels that are held at a time. */
const CHUNK = 32 << 20;

/** What is surveyed: images as training takes them. */
export type SurveyedImages = ImageFacts & Pick<Images, "read">;

/** @param validation what the source itself sets aside */
export async function surveyOf(
  parts: Readonly<Record<"train" | "test", SurveyedImages>>,
  validation: Uint32Array | undefined,
): Promise<Survey> {
  const hash = createHash("sha256");
  const statistics = new PixelStatistics(parts.train.channels);
  await hashPart(hash, parts.train, (pixels) => statistics.add(pixels));
  await hashPart(hash, parts.test);
  if (validation) hash.update(JSON.stringify({ validation: validation.length }));
  return { ...statistics.conclude(), fingerprint: hash.digest("hex") };
}

async function hashPart(hash: Hash, images: SurveyedImages, also?: (pixels: Uint8Array) => void): Promise<void> {
  const { count, height, width, channels, labels } = images;
  hash.update(JSON.stringify([count, height, width, channels]));
  const atOnce = Math.max(1, Math.floor(CHUNK / (height * width * channels)));
  for (let from = 0; from < count; from += atOnce) {
    const pixels = await images.read(Uint32Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => from + i));
    hash.update(pixels);
    also?.(pixels);
  }
  hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
}

/** Mean and standard deviation of pixel / 255 per channel, rounded to 4 digits so that they can be written down. */
class PixelStatistics {
  // Sums of bytes and their squares are exact integers, so their order does not matter.
  private readonly sums: number[];
  private readonly squares: number[];
  private pixels = 0;

  constructor(private readonly channels: 1 | 3) {
    this.sums = Array<number>(channels).fill(0);
    this.squares = Array<number>(channels).fill(0);
  }

  add(bytes: Uint8Array): void {
    const { channels, sums, squares } = this;
    for (let c = 0; c < channels; c++) {
      let [sum, square] = [0, 0];
      for (let i = c; i < bytes.length; i += channels) {
        const pixel = bytes[i]!;
        sum += pixel;
        square += pixel * pixel;
      }
      sums[c]! += sum;
      squares[c]! += square;
    }
    this.pixels += bytes.length / channels;
  }

  conclude(): { mean: number[]; std: number[] } {
    const { sums, squares, pixels } = this;
    const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
    const mean = sums.map((sum) => sum / pixels / 255);
    const std = squares.map((square, c) => Math.sqrt(Math.max(square / pixels / 255 ** 2 - mean[c]! ** 2, 1e-8)));
    return { mean: mean.map(rounded), std: std.map((value) => Math.max(rounded(value), 1e-4)) };
  }
}
