/** One word for where images come from: a known name, NAME:FOLDER, a folder, or a file that lists or holds pictures. */
import { readdir } from "node:fs/promises";
import { basename, normalize, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../base/user-error.js";
import { foundInstead } from "../base/user-file.js";
import { loadCifar } from "./binary/cifar.js";
import type { Dataset } from "./images.js";
import { loadIdxFolder } from "./binary/idx-folder.js";
import { idxFilesAmong } from "./binary/idx.js";
import { knownIdx } from "./binary/known-idx.js";
import { isSourceFile, listSource } from "./sources/list-source.js";
import type { Listing } from "./sources/listing.js";
import { loadListing, type ImageWishes } from "./load-listing.js";
import { loadMnist } from "./binary/mnist.js";
import { wayFrom, wayFromAddress } from "./sources/other-sources.js";
import { isPack, openPack } from "./pack/open-pack.js";

/** The package's own images, in the repository and installed. */
const shipped = "fixtures/fashion-mnist";
const shippedFolder = fileURLToPath(new URL(`../../${shipped}`, import.meta.url));

const dataSources =
  "fashion-mnist, mnist, fashion-mnist:FOLDER, mnist:FOLDER, cifar10:FOLDER, cifar100:FOLDER, a folder, or a file .csv, .tsv, .jsonl, .parquet or .tar";

/**
 * Loads a data set.
 * @param source see `dataSources`; a folder holds the four IDX files, or pictures as docs/data.md has them
 * @param wishes the size and channels that a folder of images is brought to; other formats have their own
 * @throws UserError `data/…`, `file/write` where a downloaded data set can't be kept
 */
export async function loadDataset(source: string, wishes: ImageWishes): Promise<Dataset> {
  const parts = sourceParts(source);
  const { kind } = parts;
  if (parts.folder === undefined) return loadMnist(parts.kind);
  const folder = await existing(parts.folder, kind === undefined);
  if (kind === "cifar10" || kind === "cifar100") return loadCifar(kind, folder);
  if (kind === "fashion-mnist" || kind === "mnist") return loadIdxFolder(kind, folder, knownIdx[kind].classes);
  if (await isPack(folder)) return openPack(folder, wishes);
  const listing = await listingIn(folder);
  return listing ? loadListing(folder, listing, wishes) : loadIdxFolder(source, folder);
}

/**
 * The pictures of a source, listed but not read; undefined if it holds images of a fixed size.
 * @throws UserError `data/…`
 */
export async function listingOf(source: string): Promise<Listing | undefined> {
  const { kind, folder } = sourceParts(source);
  if (kind !== undefined) return undefined;
  const place = await existing(folder, true);
  return (await isPack(place)) ? undefined : listingIn(place);
}

const listingIn = async (folder: string): Promise<Listing | undefined> =>
  idxFilesAmong(await readdir(folder).catch(() => [])).length > 0 ? undefined : listSource(folder);

type SourceParts =
  | { readonly kind: keyof typeof knownIdx; readonly folder: undefined }
  | { readonly kind: keyof typeof knownIdx | "cifar10" | "cifar100" | undefined; readonly folder: string };

/** A known name, NAME:FOLDER, or a folder. */
export function sourceParts(source: string): SourceParts {
  if (source === "fashion-mnist" || source === "mnist") return { kind: source, folder: undefined };
  const [, kind, folder] = /^(fashion-mnist|mnist|cifar10|cifar100):(.+)$/.exec(source) ?? [];
  return { kind: kind as SourceParts["kind"], folder: folder ?? source };
}

/** The same source with its folder from the root of the disk. @throws UserError `data/source` */
export async function placeOf(source: string): Promise<string> {
  const { kind, folder } = sourceParts(source);
  if (folder === undefined) return source;
  const place = resolve(await existing(folder, kind === undefined));
  return kind === undefined ? place : `${kind}:${place}`;
}

/** What a data set is called where its place is nobody's business: a known name, or the last part of its folder's. */
export function nameOfSource(source: string): string {
  const { kind, folder } = sourceParts(source);
  return kind ?? basename(resolve(folder));
}

/**
 * The folder as given; the shipped one is found from everywhere.
 * @param orFile whether a file is a source too
 */
async function existing(folder: string, orFile: boolean): Promise<string> {
  const at = folder === "" ? "the data set" : `the data set ${folder}`;
  const refuse = (got: string, fix: string, cause?: unknown): UserError =>
    new UserError("data/source", { at, got, want: dataSources, fix }, { cause });
  for (const path of normalize(folder).replace(/\/$/, "") === shipped ? [folder, shippedFolder] : [folder]) {
    try {
      await readdir(path);
      return path;
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") continue;
      if (code === "ENOTDIR" && orFile && isSourceFile(path)) return path;
      if (code === "ENOTDIR")
        throw refuse("a file", wayFrom(path) ?? "It is a file: give the folder that holds it.", error);
      const fix = code === "EACCES" || code === "EPERM" ? "Change its permissions." : "Check the path.";
      throw refuse(foundInstead(error), fix, error);
    }
  }
  const fix = "Check the path, or start with fixtures/fashion-mnist.";
  throw refuse(folder === "" ? "without a name" : "missing", wayFromAddress(folder) ?? fix);
}
