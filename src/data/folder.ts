/**
 * A folder of class folders: FOLDER/train/<class>/*.png and FOLDER/test/<class>/*.png (or val/), or FOLDER/<class>/*.png, of
 * which every fifth image of a class, in order of name, is then held out as the test set.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { inParallel } from "../base/in-parallel.js";
import { UserError, type Problem } from "../base/user-error.js";
import { foundInstead } from "../base/user-file.js";
import { makeDataset, type DataPart } from "./dataset.js";
import { decodePicture } from "./decode-picture.js";
import type { Dataset } from "./images.js";
import type { Picture } from "./picture.js";
import { prepare } from "./preprocessing.js";

const isImage = (name: string): boolean => /\.(png|jpe?g|webp|gif|tiff?|avif)$/i.test(name);
const HELD_OUT = 5;
/** Unreadable images named in an error; a count stands for the rest. */
const NAMED = 20;

/** The size and the channels that a folder of images is brought to. */
export interface ImageWishes {
  /** Height = width in pixels: the shorter side is resized to it, the middle is kept. */
  readonly size: number;
  /** 1: grey; 3: RGB. */
  readonly channels: 1 | 3;
}

interface File {
  readonly path: string;
  readonly label: number;
}

/** @throws UserError `data/classes`, `data/unreadable` (every image that can't be read) */
export async function loadFolder(folder: string, wishes: ImageWishes): Promise<Dataset> {
  const parts = await foldersOf(folder);
  const testPart = ["test", "val"].find((name) => parts.includes(name));
  if (parts.includes("train") && testPart) {
    const classes = await foldersOf(join(folder, "train"));
    const extra = (await foldersOf(join(folder, testPart))).filter((name) => !classes.includes(name));
    if (extra.length > 0) {
      throw new UserError("data/classes", {
        at: join(folder, testPart),
        got: extra.join(", "),
        want: "the classes of train/ only",
        fix: "Move these folders, or add their training images.",
      });
    }
    const [train, test] = [
      await filesOf(join(folder, "train"), classes),
      await filesOf(join(folder, testPart), classes),
    ];
    return makeDataset(folder, classes, { train: await readPart(train, wishes), test: await readPart(test, wishes) });
  }
  const files = await filesOf(folder, parts);
  const heldOut = new Set<File>();
  parts.forEach((_, label) =>
    files
      .filter((file) => file.label === label)
      .forEach((file, i) => i % HELD_OUT === HELD_OUT - 1 && heldOut.add(file)),
  );
  const train = files.filter((file) => !heldOut.has(file));
  return makeDataset(folder, parts, {
    train: await readPart(train, wishes),
    test: await readPart([...heldOut], wishes),
  });
}

/** What lies in a folder; nothing where it does not exist. */
async function entriesOf(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    const got = foundInstead(error);
    if (got === "missing") return [];
    const fix = "Change its permissions.";
    throw new UserError("data/unreadable", { at: folder, got, want: "a folder of images", fix }, { cause: error });
  });
}

/** Names of the folders in a folder, in byte order. */
async function foldersOf(folder: string): Promise<string[]> {
  return (await entriesOf(folder))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort();
}

async function filesOf(folder: string, classes: readonly string[]): Promise<File[]> {
  const lists = await Promise.all(
    classes.map(async (name, label) => {
      const entries = await entriesOf(join(folder, name));
      return entries
        .map((entry) => entry.name)
        .filter(isImage)
        .sort()
        .map((file): File => ({ path: join(folder, name, file), label }));
    }),
  );
  return lists.flat();
}

async function readPart(files: readonly File[], { size, channels }: ImageWishes): Promise<DataPart> {
  const bytes = size * size * channels;
  const pixels = new Uint8Array(files.length * bytes);
  const pictureAt = async (index: number): Promise<Picture> =>
    decodePicture(await readFile(files[index]!.path), channels);
  const problems: (Problem | undefined)[] = Array<undefined>(files.length).fill(undefined);
  await inParallel(files.length, async (i) => {
    try {
      pixels.set(prepare(await pictureAt(i), size), i * bytes);
    } catch (error) {
      problems[i] = unreadable(files[i]!.path, error);
    }
  });
  refuse(problems.filter((problem) => problem !== undefined));
  const labels = Uint16Array.from(files, ({ label }) => label);
  return {
    images: { count: files.length, height: size, width: size, channels, pixels, labels },
    pictureAt: (index) =>
      pictureAt(index).catch((error: unknown) => {
        throw new UserError("data/unreadable", unreadable(files[index]!.path, error), { cause: error });
      }),
  };
}

function unreadable(at: string, error: unknown): Problem {
  const got = `not readable (${(error as Error).message.split("\n")[0] ?? "unknown"})`;
  return { at, got, want: "a whole image", fix: "Fix or remove it." };
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const more = problems.length - NAMED;
  const got = `${more} images like these`;
  const rest = more > 0 ? [{ at: "and more", got, want: "whole images", fix: "Fix or remove them." }] : [];
  throw new UserError("data/unreadable", [...problems.slice(0, NAMED), ...rest]);
}
