/** Fashion-MNIST and MNIST by name: from Debian's package, or downloaded into a cache with their hashes checked. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { writeFileAtomic } from "../base/atomic-file.js";
import { sha256Of } from "../base/hash.js";
import { cacheFolder } from "../base/user-folders.js";
import { UserError } from "../base/user-error.js";
import { loadIdxFolder } from "./idx-folder.js";
import { idxNames } from "./idx.js";
import type { Dataset } from "./images.js";
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
  for (const file of Object.values(idxNames).flat()) {
    await download(`${mirror ?? source.url}/${file}.gz`, join(cache, `${file}.gz`), source.sha256[file], name);
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

async function download(url: string, path: string, sha256: string, name: keyof typeof knownIdx): Promise<void> {
  if (
    await stat(path).then(
      () => true,
      () => false,
    )
  )
    return;
  const packaged = knownIdx[name].packaged;
  const otherwise = packaged
    ? `On Debian: apt-get install ${packaged.name}. Or give a folder with the files: --data ${name}:FOLDER.`
    : `Give a folder with the files: --data ${name}:FOLDER.`;
  const fail = (got: string, want: string, cause?: unknown): UserError =>
    new UserError("data/download", { at: url, got, want, fix: otherwise }, { cause });
  const response = await fetch(url).catch((error: unknown) => {
    throw fail("not reachable", "a download", error);
  });
  if (!response.ok) throw fail(`answered with ${response.status}`, "a download");
  const bytes = new Uint8Array(await response.arrayBuffer());
  let content: Uint8Array;
  try {
    content = gunzipSync(bytes);
  } catch (error) {
    throw fail("not gzip", "the official file", error);
  }
  const found = sha256Of(content);
  if (found !== sha256) throw fail(`with SHA-256 ${found}`, `SHA-256 ${sha256}`);
  await writeFileAtomic(path, bytes);
}
