/** One word for where images come from: a known name, NAME:FOLDER, or a folder. */
import { readdir } from "node:fs/promises";
import { normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../base/user-error.js";
import { loadCifar } from "./cifar.js";
import { loadFolder, type ImageWishes } from "./folder.js";
import type { Dataset } from "./images.js";
import { loadIdxFolder } from "./idx-folder.js";
import { idxFilesAmong } from "./idx.js";
import { knownIdx } from "./known-idx.js";
import { loadMnist } from "./mnist.js";

/** The package's own images, in the repository and installed. */
const shipped = "fixtures/fashion-mnist";
const shippedFolder = fileURLToPath(new URL(`../../${shipped}`, import.meta.url));

const dataSources =
  "fashion-mnist, mnist, fashion-mnist:FOLDER, mnist:FOLDER, cifar10:FOLDER, cifar100:FOLDER, or a folder";

/**
 * Loads a data set.
 * @param source see `dataSources`; a folder holds the four IDX files or class folders of images
 * @param wishes the size and channels that a folder of images is brought to; other formats have their own
 * @throws UserError `data/…`, `file/write` where a downloaded data set can't be kept
 */
export async function loadDataset(source: string, wishes: ImageWishes): Promise<Dataset> {
  if (source === "fashion-mnist" || source === "mnist") return loadMnist(source);
  const [, kind, rest] = /^(fashion-mnist|mnist|cifar10|cifar100):(.+)$/.exec(source) ?? [];
  if (kind === "cifar10" || kind === "cifar100") return loadCifar(kind, await existing(rest!));
  if (kind === "fashion-mnist" || kind === "mnist")
    return loadIdxFolder(kind, await existing(rest!), knownIdx[kind].classes);
  const folder = await existing(source);
  const isIdx = idxFilesAmong(await readdir(folder)).length > 0;
  return isIdx ? loadIdxFolder(source, folder) : loadFolder(folder, wishes);
}

/** The folder as given; the shipped one is found from everywhere. */
async function existing(folder: string): Promise<string> {
  const refuse = (got: string, fix: string, cause?: unknown): UserError =>
    new UserError("data/source", { at: "--data", got, want: dataSources, fix }, { cause });
  for (const path of normalize(folder).replace(/\/$/, "") === shipped ? [folder, shippedFolder] : [folder]) {
    try {
      await readdir(path);
      return path;
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") continue;
      if (code === "ENOTDIR") throw refuse(folder, "It is a file: give the folder that holds it.", error);
      throw refuse(`${folder}, which can't be read (${code})`, "Change its permissions.", error);
    }
  }
  throw refuse(
    folder === "" ? "empty" : `${folder}, which does not exist`,
    "Check the path, or start with fixtures/fashion-mnist.",
  );
}
