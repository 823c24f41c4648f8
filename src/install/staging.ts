/** Builds a folder beside its place and renames it last: an install is whole or absent. */
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeError } from "../base/atomic-file.js";
import { isRunning } from "../base/running.js";
import { enginesFolder } from "../engine/engines-folder.js";

/**
 * @param build fills the folder that it is given; what it returns is written there as nestling.json
 * @throws UserError `file/write`, and what `build` throws
 */
export async function intoPlace<Result extends object>(
  folder: string,
  build: (staging: string) => Promise<Result>,
): Promise<Result> {
  const staging = `${folder}.building-${process.pid}`;
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

/** Folders of installs that were killed: their process is gone. */
async function removeAbandoned(): Promise<void> {
  const names = await readdir(enginesFolder()).catch(() => []);
  for (const name of names) {
    const pid = /\.building-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(enginesFolder(), name), { recursive: true });
  }
}
