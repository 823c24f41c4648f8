/** A folder of IDX files: which of its files are the data set's, and what its classes are called. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodedText, lineOfBadText } from "../../base/text.js";
import { UserError } from "../../base/user-error.js";
import { makeDataset } from "../dataset.js";
import { idxFilesAmong, idxNames, readIdx, type IdxFiles } from "./idx.js";
import { imagesInMemory } from "../images-in-memory.js";
import type { Dataset, Images, PixelImages } from "../images.js";
import { keepingPrepared } from "../keeping-prepared.js";
import { knownClasses } from "./known-idx.js";
import { anyRoom } from "../pictures/room-in-memory.js";

/** Names of classes, one a line, beside the files of any data set. */
const classesFile = "classes.txt";

/**
 * @param classes names of labels 0, 1, …; without them, those of `classes.txt`, else of the known data set whose labels these are,
 * else the labels themselves
 * @throws UserError `data/…`
 */
export async function loadIdxFolder(name: string, folder: string, classes?: readonly string[]): Promise<Dataset> {
  const files = onlySet(folder, idxFilesAmong(await readdir(folder)));
  const [train, test] = await Promise.all([
    readIdx(folder, files.train, classes?.length),
    readIdx(folder, files.test, classes?.length),
  ]);
  const room = await anyRoom();
  const imagesOf = (images: PixelImages): Images => keepingPrepared(imagesInMemory(images), room);
  const datasetOf = (names: readonly string[], kept: (images: PixelImages) => PixelImages): Promise<Dataset> => {
    const parts = { train: imagesOf(kept(train.images)), test: imagesOf(kept(test.images)) };
    return makeDataset(name, names, parts, { layout: "IDX files" });
  };
  if (classes) return datasetOf(classes, (images) => images);
  const labels = [...new Set([...train.images.labels, ...test.images.labels])].sort((a, b) => a - b);
  const named = (await readClasses(folder, labels.length)) ?? knownClasses(train.labelsSha256) ?? labels.map(String);
  return datasetOf(named, (images) => numbered(images, labels));
}

function onlySet(folder: string, sets: readonly IdxFiles[]): IdxFiles {
  if (sets.length > 1) {
    throw new UserError("data/several", {
      at: folder,
      got: `with files of ${sets.length} data sets: ${sets.map(({ set }) => `${set}${idxNames.train[0]}`).join(", ")}`,
      want: "the four IDX files of one",
      fix: "Give each data set a folder of its own.",
    });
  }
  return sets[0] ?? { set: "", ...idxNames };
}

/** A label becomes its place among the labels that occur: EMNIST's letters start at 1. */
function numbered(images: PixelImages, labels: readonly number[]): PixelImages {
  const places = new Map(labels.map((label, place) => [label, place]));
  return { ...images, labels: images.labels.map((label) => places.get(label)!) };
}

async function readClasses(folder: string, count: number): Promise<string[] | undefined> {
  const path = join(folder, classesFile);
  const bytes = await readFile(path).catch((error: unknown) => {
    const { code = "unreadable" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new UserError(
      "data/unreadable",
      { at: path, got: code, want: "a file that can be read", fix: "Change its permissions." },
      { cause: error },
    );
  });
  const names =
    bytes &&
    textOf(bytes, path)
      .split("\n")
      .flatMap((line) => line.trim() || []);
  if (names && names.length !== count) {
    throw new UserError("data/classes", {
      at: path,
      got: `with ${names.length} names`,
      want: `${count}: one a line, for each label that occurs, from the lowest`,
      fix: "Correct it, or remove it: classes are then named by their labels.",
    });
  }
  return names;
}

function textOf(bytes: Uint8Array, at: string): string {
  const text = decodedText(bytes);
  if (text !== undefined) return text;
  const got = `not UTF-8 in line ${lineOfBadText(bytes)}`;
  throw new UserError("data/classes", { at, got, want: "names in UTF-8", fix: "Save it as UTF-8." });
}
