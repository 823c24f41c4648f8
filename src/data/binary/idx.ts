/** The IDX files of MNIST and its like: magic number, sizes, bytes; plain or gzip. yann.lecun.com/exdb/mnist */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { sha256Of } from "../../base/hash.js";
import { UserError } from "../../base/user-error.js";
import type { PixelImages } from "../images.js";

const IMAGES_MAGIC = 0x803;
const LABELS_MAGIC = 0x801;

/** The names of a data set's four files, each also with `.gz`. */
export const idxNames = {
  train: ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
  test: ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
} as const;

/** What a file's name says; EMNIST's begin with the set's, and end a set of test images with `test` for `t10k`. */
const namePattern = /^(?<set>.*?)(?<part>train|t10k|test)-(?<what>images|labels)[-.]idx[13]-ubyte(?:\.gz)?$/i;

/** One data set's files in a folder. */
export interface IdxFiles {
  /** What all four names begin with: empty, or `emnist-balanced-`. */
  readonly set: string;
  /** Names without `.gz`: images, labels. Those that are not there have the usual name. */
  readonly train: readonly [string, string];
  readonly test: readonly [string, string];
}

/** The sets of IDX files among a folder's names. */
export function idxFilesAmong(names: readonly string[]): IdxFiles[] {
  const sets = new Map<string, Map<string, string>>();
  for (const name of names) {
    const { set, part, what } = namePattern.exec(name)?.groups ?? {};
    if (set === undefined) continue;
    const files = sets.get(set) ?? new Map<string, string>();
    sets.set(
      set,
      files.set(`${/^train$/i.test(part!) ? "train" : "test"} ${what!.toLowerCase()}`, name.replace(/\.gz$/i, "")),
    );
  }
  return [...sets].map(([set, files]) => {
    const pairOf = (part: keyof typeof idxNames): [string, string] => [
      files.get(`${part} images`) ?? set + idxNames[part][0],
      files.get(`${part} labels`) ?? set + idxNames[part][1],
    ];
    return { set, train: pairOf("train"), test: pairOf("test") };
  });
}

/** The file's content, unpacked; undefined when it is neither there plain nor as `.gz`. */
async function readIdxFile(folder: string, name: string): Promise<Uint8Array | undefined> {
  // Some archives unpack to a folder with the file's name.
  for (const path of [join(folder, name), join(folder, `${name}.gz`), join(folder, name, name)]) {
    const bytes = await readFile(path).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
      throw new UserError("data/unreadable", {
        at: path,
        got: code ?? "unreadable",
        want: "a file that can be read",
        fix: "Change its permissions.",
      });
    });
    if (bytes) return path.endsWith(".gz") ? unpack(path, bytes) : bytes;
  }
  return undefined;
}

function unpack(path: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw corrupt(path, `not gzip, or cut off (${(error as Error).message})`, "a whole gzip file", error);
  }
}

/** One part of a data set, and by what its labels' file is known. */
export interface IdxPart {
  readonly images: PixelImages;
  /** SHA-256 of the labels' file, unpacked. */
  readonly labelsSha256: string;
}

/**
 * Images and labels of one part.
 * @param names of its two files, without `.gz`: images, labels
 * @param classes labels are below it
 * @throws UserError `data/missing`, `data/corrupt`
 */
export async function readIdx(folder: string, names: readonly [string, string], classes = 256): Promise<IdxPart> {
  const [imagesName, labelsName] = names;
  const [images, labels] = await Promise.all([readIdxFile(folder, imagesName), readIdxFile(folder, labelsName)]);
  if (!images || !labels) {
    throw new UserError("data/missing", {
      at: join(folder, images ? labelsName : imagesName),
      got: "missing",
      want: "the file, plain or as .gz",
      fix: `A data set of IDX files is four files: ${Object.values(idxNames).flat().join(", ")}.`,
    });
  }
  return {
    images: parseIdx(images, labels, classes, join(folder, imagesName), join(folder, labelsName)),
    labelsSha256: sha256Of(labels),
  };
}

function parseIdx(
  images: Uint8Array,
  labels: Uint8Array,
  classes: number,
  imagesAt: string,
  labelsAt: string,
): PixelImages {
  const header = (bytes: Uint8Array, at: string, magic: number, words: number): number[] => {
    if (bytes.length < 4 * words) throw corrupt(at, `${bytes.length} bytes long`, "an IDX file");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const numbers = Array.from({ length: words }, (_, i) => view.getUint32(4 * i));
    if (numbers[0] !== magic) throw corrupt(at, `with magic number ${numbers[0]!}`, `magic number ${magic}`);
    return numbers.slice(1);
  };
  const [count, height, width] = header(images, imagesAt, IMAGES_MAGIC, 4) as [number, number, number];
  const [labelCount] = header(labels, labelsAt, LABELS_MAGIC, 2) as [number];
  const expected = 16 + count * height * width;
  if (images.length !== expected)
    throw corrupt(imagesAt, `${images.length} bytes long`, `${expected} bytes, as its header says`);
  if (labels.length !== 8 + labelCount)
    throw corrupt(labelsAt, `${labels.length} bytes long`, `${8 + labelCount} bytes, as its header says`);
  if (labelCount !== count)
    throw corrupt(labelsAt, `for ${labelCount} images`, `${count} labels, one per image of ${imagesAt}`);
  if (height !== width) throw corrupt(imagesAt, `of ${height}×${width} images`, "square images");
  const wrong = labels.subarray(8).findIndex((label) => label >= classes);
  if (wrong >= 0)
    throw corrupt(labelsAt, `with label ${labels[8 + wrong]!} at image ${wrong}`, `labels below ${classes}`);
  return { count, height, width, channels: 1, pixels: images.slice(16), labels: Uint16Array.from(labels.subarray(8)) };
}

const corrupt = (at: string, got: string, want: string, cause?: unknown): UserError =>
  new UserError(
    "data/corrupt",
    { at, got, want, fix: "The file is damaged or is another one: fetch it again." },
    { cause },
  );
