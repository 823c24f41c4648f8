/** Files that hold many pictures each, in a folder or in folders of that, and the part that each is of by its name. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import { UserError } from "../../base/user-error.js";
import { byCodeUnit } from "./natural-order.js";
import { splitOf } from "./splits.js";

export interface SourceFile {
  readonly path: string;
  /** From the source's folder, with `/`. */
  readonly name: string;
  /** The folder's path from the source's; empty: the source's own. */
  readonly folder: string;
}

/**
 * Files of an ending, in order of name. A file given itself is the only one.
 * @throws UserError `data/several` where folders hold data sets of their own
 */
export async function sourceFiles(place: string, ending: RegExp): Promise<SourceFile[]> {
  if (!(await stat(place)).isDirectory()) return [{ path: place, name: basename(place), folder: "" }];
  const names = await namesBelow(place);
  const files = names
    .filter((name) => ending.test(name) && !name.split(sep).some((part) => part.startsWith(".")))
    .map((name) => ({
      path: join(place, name),
      name: name.replaceAll(sep, "/"),
      folder: relative(place, dirname(join(place, name))),
    }))
    .sort((a, b) => byCodeUnit(a.name, b.name));
  const folders = [...new Set(files.map(({ folder }) => folder))].filter(
    (folder) => splitOf(basename(folder)) === undefined,
  );
  if (folders.length > 1) {
    throw new UserError("data/several", {
      at: place,
      got: `with files in ${folders.map((folder) => folder || ".").join(", ")}`,
      want: "the files of one data set",
      fix: "Give the folder of one of them.",
    });
  }
  return files;
}

/** Names of files in a folder and in folders of that, from the folder. Links to folders are not followed: they may lead back. */
export async function namesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const lists = entries.map(async (entry) =>
    entry.isDirectory()
      ? (await namesBelow(join(folder, entry.name))).map((name) => join(entry.name, name))
      : [entry.name],
  );
  return (await Promise.all(lists)).flat();
}

/**
 * The part that a file is of: `train-00000-of-00002.parquet`, `imagenet-val-0001.tar`, `validation/0000.parquet`; undefined: no word of its
 * name and its folder's says one, or several do.
 */
export function partOfFile(name: string, folder: string): string | undefined {
  const partsIn = (text: string): string[] => text.split(/[-_.\s\d]+/).filter((word) => splitOf(word) !== undefined);
  const words = partsIn(basename(name, extname(name)));
  const named = words.length > 0 ? words : partsIn(basename(folder));
  return new Set(named.map(splitOf)).size === 1 ? named[0] : undefined;
}
