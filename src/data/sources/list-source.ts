/** Finds out what a folder or file of pictures is: a list, parquet files, tar shards, or class folders. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { listClassFolders } from "./class-folders.js";
import { hasLabels, isList, listFiles } from "./list-file.js";
import type { Listing } from "./listing.js";
import { refuseDetection, refuseOtherFiles } from "./other-sources.js";
import { listParquet } from "./parquet.js";
import { isNamedAsPicture } from "../pictures/picture-kind.js";
import { namesBelow, sourceFiles } from "./source-files.js";
import { splitOf } from "./splits.js";
import { listTarShards } from "./tar-shards.js";

const PARQUET = /\.parquet$/i;
const TAR = /\.tar$/i;
/** The lists of Hugging Face's image folders. */
const METADATA = /^metadata\.(?:csv|jsonl)$/;

/** @throws UserError `data/…` */
export async function listSource(place: string): Promise<Listing> {
  if (!(await stat(place)).isDirectory()) return listOneFile(place);
  const lists = await metadataIn(place);
  if (lists.length > 0) return listFiles(lists, place);
  const names = await namesBelow(place);
  // An archive may lie beside the pictures that were unpacked from it: these are then meant.
  const kind = names.some(isNamedAsPicture)
    ? undefined
    : [PARQUET, TAR].find((ending) => names.some((name) => ending.test(name)));
  if (kind === undefined) {
    const listing = await listClassFolders(place);
    const pictures = listing.train.length + listing.validation.length + listing.test.length;
    if (pictures === 0 && !names.some(isNamedAsPicture)) refuseOtherFiles(place, names);
    refuseDetection(place, listing.classes);
    return listing;
  }
  const files = await sourceFiles(place, kind);
  return kind === PARQUET ? listParquet(files, place) : listTarShards(files, place);
}

/** Whether a file's name says that it lists or holds pictures. */
export const isSourceFile = (file: string): boolean => isList(file) || PARQUET.test(file) || TAR.test(file);

async function listOneFile(file: string): Promise<Listing> {
  if (isList(file)) return listFiles([{ path: file }]);
  if (PARQUET.test(file)) return listParquet(await sourceFiles(file, PARQUET), file);
  return listTarShards(await sourceFiles(file, TAR), file);
}

/** The metadata of a folder, or of the folders of its parts. */
async function metadataIn(folder: string): Promise<{ path: string; part?: string }[]> {
  const names = await readdir(folder);
  const own = await withLabels(names.filter((name) => METADATA.test(name)).map((name) => join(folder, name)));
  if (own.length > 0) return own.map((path) => ({ path }));
  const parts = names.filter((name) => splitOf(name) !== undefined).sort();
  const inner = await Promise.all(
    parts.map(async (part) => {
      const files = await readdir(join(folder, part)).catch((): string[] => []);
      const paths = files.filter((name) => METADATA.test(name)).map((name) => join(folder, part, name));
      return (await withLabels(paths)).map((path) => ({ path, part }));
    }),
  );
  return inner.flat();
}

/** Captions are metadata too: the classes are then the folders. */
async function withLabels(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(hasLabels));
  return paths.filter((_, i) => found[i]);
}
