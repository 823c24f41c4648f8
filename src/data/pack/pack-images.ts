/** The images of a pack's part: squares as they were packed, and everything else that whole pictures give. */
import { inParallel } from "../../base/in-parallel.js";
import { enoughFor } from "../augment/random-resized-crop.js";
import type { Images } from "../images.js";
import type { Wanted } from "../pictures/make-pixels.js";
import { pixelMaker } from "../pictures/picture-crew.js";
import { squareName } from "../preprocessing.js";
import { picturesIn, squaresIn, type PackIndex, type PartName } from "./pack-index.js";
import { openPictures } from "./picture-file.js";
import { damaged, openPixels } from "./pixel-file.js";
import { refusal } from "./refusal.js";

/** @param size that is trained on, in pixels */
export async function openPart(folder: string, index: PackIndex, part: PartName, size: number): Promise<Images> {
  const { channels, pictures } = index;
  const { count, labels } = index[part];
  const squares = new Map<string, Awaited<ReturnType<typeof openPixels>>>();
  for (const one of index.squares) {
    const file = { path: squaresIn(folder, one, part), count, each: one.size * one.size * channels };
    squares.set(squareName(one.size, one.evaluation), await openPixels({ ...file, checks: one.checks[part] }));
  }
  const path = picturesIn(folder, part);
  const packed = pictures && (await openPictures({ path, count, channels, ...pictures[part] }));
  const made = pixelMaker(count);

  /** @param enough pixels of the shorter side of reduced pictures; undefined: only pictures that were not reduced will do */
  const readFromWhole = async (
    indices: ArrayLike<number>,
    side: number,
    wantedOf: (index: number) => Wanted,
    enough: number | undefined,
    want: string,
    into?: Uint8Array,
  ): Promise<Uint8Array> => {
    if (!packed) {
      const got = `of squares of ${index.squares.map((one) => squareName(one.size, one.evaluation)).join(", ")} pixels`;
      throw refusal(folder, index, got, want);
    }
    if (packed.isReduced && enough !== pictures.enough) {
      const got = `with pictures that were reduced to ${Math.ceil(pictures.enough)} pixels or more`;
      throw refusal(folder, index, got, want);
    }
    const each = side * side * channels;
    const all = into ?? new Uint8Array(indices.length * each);
    await inParallel(indices.length, async (i) => {
      const own = all.subarray(i * each, (i + 1) * each);
      const order = { source: packed.at(indices[i]!), channels, wanted: wantedOf(indices[i]!), keepsUpTo: 0 };
      await made({ ...order, into: own }).catch((error: unknown) => {
        throw damaged(path, `${(error as Error).message} at image ${indices[i]!}`, "the file that was packed", error);
      });
    });
    return all;
  };
  return {
    ...{ count, height: size, width: size, channels, labels: labelsFrom(labels) },
    read(indices, resolution = size, evaluation, into) {
      const read = squares.get(squareName(resolution, evaluation));
      if (read) return read(indices, into);
      const want = `what is judged at ${resolution} pixels (${squareName(resolution, evaluation)})`;
      return readFromWhole(indices, resolution, () => ({ resolution, evaluation }), undefined, want, into);
    },
    readParts(indices, parts, into) {
      const want = `whole pictures for randomResizedCrop at ${size} pixels, scale ${parts.scale[0]}`;
      return readFromWhole(indices, size, (index) => ({ parts, index, size }), enoughFor(parts, size), want, into);
    },
  };
}

const labelsFrom = (text: string): Uint16Array => new Uint16Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
