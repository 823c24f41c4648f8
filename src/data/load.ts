/** One word for where images come from: a known name, NAME:FOLDER, or a folder. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../base/user-error.js";
import { loadCifar } from "./cifar.js";
import { loadFolder, type ImageWishes } from "./folder.js";
import type { Dataset } from "./images.js";
import { idxNames } from "./idx.js";
import { fashionClasses, loadIdxFolder, loadMnist, sources } from "./mnist.js";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

export const dataSources =
  "fashion-mnist, mnist, fashion-mnist:FOLDER, mnist:FOLDER, cifar10:FOLDER, cifar100:FOLDER, or a folder";

/**
 * Loads a data set.
 * @param source see `dataSources`; a folder holds the four IDX files or class folders of images
 * @param wishes the size and channels that a folder of images is brought to; other formats have their own
 * @throws UserError `data/…`
 */
export async function loadDataset(source: string, wishes: ImageWishes): Promise<Dataset> {
  if (source === "fashion-mnist" || source === "mnist") return loadMnist(source);
  const [, kind, rest] = /^(fashion-mnist|mnist|cifar10|cifar100):(.+)$/.exec(source) ?? [];
  if (kind === "cifar10" || kind === "cifar100") return loadCifar(kind, await existing(rest!));
  if (kind === "fashion-mnist" || kind === "mnist")
    return loadIdxFolder(kind, await existing(rest!), sources[kind].classes);
  const folder = await existing(source);
  const names = await readdir(folder);
  const isIdx = names.some((name) => name.startsWith(idxNames.train[0]));
  return isIdx ? loadIdxFolder(source, folder, fashionClasses) : loadFolder(folder, wishes);
}

/** The folder, as given or inside this package (`fixtures/…` of an installed nestling). */
async function existing(folder: string): Promise<string> {
  for (const path of [folder, join(packageRoot, folder)]) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return path;
    if (found) {
      throw new UserError("data/source", {
        at: "--data",
        got: folder,
        want: dataSources,
        fix: "It is a file: give the folder that holds it.",
      });
    }
  }
  throw new UserError("data/source", {
    at: "--data",
    got: `${folder}, which does not exist`,
    want: dataSources,
    fix: "Check the path, or start with fixtures/fashion-mnist.",
  });
}
