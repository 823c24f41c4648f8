/** One pass over the pictures of a part: each is decoded once, and written as all that the pack holds of it. */
import { inParallel } from "../../base/in-parallel.js";
import { factorFor } from "../augment/random-resized-crop.js";
import type { Images } from "../images.js";
import { pixelMaker } from "../pictures/picture-crew.js";
import type { Picture } from "../pictures/picture.js";
import { picturesIn, squaresIn, type PartName } from "./pack-index.js";
import type { PackPlan } from "./pack-plan.js";
import { pictureWriter } from "./picture-file.js";
import { pixelWriter, type PixelWriter } from "./pixel-file.js";

/** What the index says of a part's files. */
export interface PackedPart {
  /** For each of the plan's squares, SHA-256 of the images' CRC-32s. */
  readonly checks: readonly string[];
  readonly pictures: { readonly bytes: number; readonly table: string } | undefined;
}

interface PassOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onImage: () => void;
}

export async function packPart(
  folder: string,
  part: PartName,
  images: Images,
  { squares, enough }: PackPlan,
  { signal, onImage }: PassOptions,
): Promise<PackedPart> {
  const { count, channels } = images;
  const opened: { close(): Promise<void> }[] = [];
  const open = async <T extends { close(): Promise<void> }>(writer: Promise<T>): Promise<T> => {
    opened.push(await writer);
    return writer;
  };
  const made = pixelMaker(count);
  try {
    const squareFiles: PixelWriter[] = [];
    for (const one of squares) {
      const writer = await open(pixelWriter(squaresIn(folder, one, part), count, one.size * one.size * channels));
      squareFiles.push(writer);
    }
    const pictureFile = enough === undefined ? undefined : await open(pictureWriter(picturesIn(folder, part)));
    /** What a picture becomes, and how that is written. */
    const writeOf = async (source: Picture): Promise<() => Promise<void>> => {
      const common = { source, channels, keepsUpTo: 0 };
      const pixels: Uint8Array[] = [];
      for (const { size: resolution, evaluation } of squares) {
        const into = new Uint8Array(resolution * resolution * channels);
        await made({ ...common, wanted: { resolution, evaluation }, into });
        pixels.push(into);
      }
      const isReduced = enough !== undefined && factorFor(enough, source) > 1;
      const kept = isReduced ? (await made({ ...common, wanted: { enough }, into: new Uint8Array(0) }))! : source;
      return async () => {
        for (const [i, file] of squareFiles.entries()) await file.append(pixels[i]!);
        await pictureFile?.append(kept, isReduced);
      };
    };
    let written = Promise.resolve();
    await inParallel(count, async (index) => {
      signal?.throwIfAborted();
      // Pictures are made in any order and written in their own.
      const before = written;
      let isWritten: () => void = () => undefined;
      written = new Promise((resolve) => (isWritten = resolve));
      const [whole] = await images.readWhole!([index]);
      const write = await writeOf(whole!);
      await before;
      await write();
      isWritten();
      onImage();
    });
    const checks: string[] = [];
    for (const file of squareFiles) checks.push(await file.finish());
    return { checks, pictures: await pictureFile?.finish() };
  } finally {
    for (const file of opened) await file.close();
  }
}
