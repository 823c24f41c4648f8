/** Builds a folder beside its place and renames it last: an install is whole or absent. */
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeError } from "../base/atomic-file.js";
import { writeInTurn } from "../base/folder-lock.js";
import { isRunning } from "../base/running.js";
import { enginesFolder } from "../engine/engines-folder.js";

/** Another process that installs the same is waited for: in ms. */
const patience = { atMost: 600_000, every: 100 };

/**
 * One of several processes that install the same builds it; the others find it.
 * @param found what works there by now, if anything does
 * @param build fills the folder that it is given; what it returns is written there as nestling.json
 * @throws UserError `file/write`, `file/locked`, and what `build` throws
 */
export const intoPlace = <Result extends object>(
  folder: string,
  found: () => Promise<Result | undefined>,
  build: (staging: string) => Promise<Result>,
): Promise<Result> => writeInTurn(folder, async () => (await found()) ?? (await builtInto(folder, build)), patience);

async function builtInto<Result extends object>(
  folder: string,
  build: (staging: string) => Promise<Result>,
): Promise<Result> {
  const staging = `${folder}${building}${process.pid}`;
  try {
    await removeAbandoned();
    await mkdir(staging, { recursive: true });
    const result = await build(staging);
    await writeFile(join(staging, "nestling.json"), `${JSON.stringify(result, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
    return result;
  } catch (error) {
    throw writeError(folder, error);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** What a folder is called while it is built, before its process's number. A shared disk has those of other machines, too. */
const building = `.building-${hostname()}-`;

/** Folders of installs that were killed here: their process is gone. */
async function removeAbandoned(): Promise<void> {
  const names = await readdir(enginesFolder()).catch(() => []);
  for (const name of names) {
    const [, pid] = name.split(building);
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(enginesFolder(), name), { recursive: true });
  }
}
