/** Fashion-MNIST and MNIST by name: from Debian's package, or downloaded into a cache with their hashes checked. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { download, type Remedy } from "../../base/download.js";
import { cacheFolder } from "../../base/user-folders.js";
import { loadIdxFolder } from "./idx-folder.js";
import { idxNames } from "./idx.js";
import type { Dataset } from "../images.js";
import { knownIdx } from "./known-idx.js";

/**
 * @param mirror where to download from instead of the official place
 * @throws UserError `data/download` saying what was tried and how to get the files otherwise
 */
export async function loadMnist(
  name: keyof typeof knownIdx,
  mirror = process.env["NESTLING_MIRROR"],
): Promise<Dataset> {
  const source = knownIdx[name];
  const cache = join(cacheFolder(), name);
  const folders = [source.packaged?.folder, cache].filter((folder) => folder !== undefined);
  for (const folder of folders) {
    if (await isFolderOf(folder)) return loadIdxFolder(name, folder, source.classes);
  }
  const otherwise: Remedy = { code: "data/download", fix: otherwiseFor(name) };
  for (const file of Object.values(idxNames).flat()) {
    await download(join(cache, `${file}.gz`), {
      url: `${mirror ?? source.url}/${file}.gz`,
      sha256: source.sha256[file],
      hashed: "unpacked",
      unreachable: otherwise,
      wrong: otherwise,
    });
  }
  return loadIdxFolder(name, cache, source.classes);
}

/** Whether all four files are there, each plain or as `.gz`. */
async function isFolderOf(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return Object.values(idxNames)
    .flat()
    .every((file) => names.includes(file) || names.includes(`${file}.gz`));
}

/** How to get the files without this download. */
function otherwiseFor(name: keyof typeof knownIdx): string {
  const { packaged } = knownIdx[name];
  const install = packaged ? `On Debian: apt-get install ${packaged.name}. ` : "";
  return `${install}Or name a folder with the files: --data ${name}:FOLDER.`;
}
