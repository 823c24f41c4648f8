/** Puts a data set together: checks what no format alone can check, and measures what normalisation needs. */
import { sha256Of } from "../base/hash.js";
import { inParallel } from "../base/in-parallel.js";
import { UserError } from "../base/user-error.js";
import { aboutData, type SourceNotes } from "./about.js";
import type { Dataset, Images } from "./images.js";
import type { Picture } from "./picture.js";
import { prepare } from "./preprocessing.js";

/** Images, and the pictures that they were prepared from. */
export interface DataPart {
  readonly images: Images;
  readonly pictureAt: (index: number) => Picture | Promise<Picture>;
}

/** Images that are the pictures themselves. */
export const wholePictures = (images: Images): DataPart => ({ images, pictureAt: (index) => imageAt(images, index) });

function imageAt({ height, width, channels, pixels }: Images, index: number): Picture {
  const bytes = height * width * channels;
  return { height, width, channels, pixels: pixels.subarray(index * bytes, (index + 1) * bytes) };
}

/**
 * @throws UserError `data/classes` when fewer than two classes have training images, or one has none; `data/test` without test
 * images; `data/size` when these have another size
 */
export function makeDataset(
  name: string,
  classes: readonly string[],
  parts: Readonly<Record<"train" | "test", DataPart>>,
  notes: SourceNotes,
): Dataset {
  const [train, test] = [parts.train.images, parts.test.images];
  if (classes.length < 2) {
    throw new UserError("data/classes", {
      at: name,
      got: classes.length === 0 ? "without classes" : `with one class, ${classes.join()}`,
      want: "a folder of images for each of at least two classes, in train/ and test/ or without these",
      fix: "Sort the images into folders that are named after their classes.",
    });
  }
  const seen = new Set(train.labels);
  const empty = classes.filter((_, label) => !seen.has(label));
  if (empty.length > 0) {
    throw new UserError("data/classes", {
      at: name,
      got: `without training images of ${empty.slice(0, 5).join(", ")}`,
      want: "training images of every class",
      fix: "Add images, or remove the empty class.",
    });
  }
  if (test.count === 0) {
    throw new UserError("data/test", {
      at: name,
      got: "without test images",
      want: "at least one",
      fix: "Add test images: a class of five images or more gives some of its own.",
    });
  }
  const formOf = ({ height, width, channels }: Images): string => `${height}×${width}×${channels}`;
  if (formOf(train) !== formOf(test)) {
    throw new UserError("data/size", {
      at: name,
      got: `of ${formOf(train)} training and ${formOf(test)} test images`,
      want: "one size for both",
      fix: "The files are of two data sets: fetch them again.",
    });
  }
  const { mean, std } = pixelStatistics(train);
  const hashed = [train, test].flatMap(({ count, height, width, channels, pixels, labels }) => [
    JSON.stringify([count, height, width, channels]),
    pixels,
    new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength),
  ]);
  const { validation, broken = [] } = notes;
  if (validation) hashed.push(JSON.stringify({ validation: validation.length }));
  return {
    ...{ name, classes, train, test, mean, std, broken },
    ...(validation && { validation }),
    about: aboutData({ name, classes, train: train.labels, test: test.labels }, notes),
    fingerprint: sha256Of(...hashed),
    prepared: (part, indices, resolution) => preparedOf(parts[part], indices, resolution),
  };
}

async function preparedOf(
  { images, pictureAt }: DataPart,
  indices: ArrayLike<number>,
  resolution: number,
): Promise<Uint8Array> {
  const bytes = resolution * resolution * images.channels;
  const pixels = new Uint8Array(indices.length * bytes);
  await inParallel(indices.length, async (i) => {
    const index = indices[i]!;
    // Images of this size are what `prepare` made of the pictures.
    const picture = images.height === resolution ? imageAt(images, index) : await pictureAt(index);
    pixels.set(prepare(picture, resolution), i * bytes);
  });
  return pixels;
}

/** Mean and standard deviation of pixel / 255 per channel, rounded to 4 digits so that they can be written down. */
function pixelStatistics({ pixels, channels }: Images): { mean: number[]; std: number[] } {
  // Sums of bytes and their squares are exact integers.
  const sums = Array<number>(channels).fill(0);
  const squares = Array<number>(channels).fill(0);
  for (let i = 0; i < pixels.length; i += channels) {
    for (let c = 0; c < channels; c++) {
      const pixel = pixels[i + c]!;
      sums[c]! += pixel;
      squares[c]! += pixel * pixel;
    }
  }
  const count = pixels.length / channels;
  const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
  const mean = sums.map((sum) => sum / count / 255);
  const std = squares.map((square, c) => Math.sqrt(Math.max(square / count / 255 ** 2 - mean[c]! ** 2, 1e-8)));
  return { mean: mean.map(rounded), std: std.map((value) => Math.max(rounded(value), 1e-4)) };
}
