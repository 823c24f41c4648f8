/** Whether a file can be written, asked before the work that it is to hold. Nothing is made. */
import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { refuseOthers, temporaryOf, writeError } from "./atomic-file.js";

/**
 * Looks at the file's place and at the nearest folder above it that is there.
 * @throws UserError `file/write` as writing the file would: below a file, in a folder that can't be written, in place of a folder, a device or a pipe
 */
export async function checkPlace(path: string): Promise<void> {
  try {
    await refuseOthers(path);
    // Its name while it is written is longer.
    await stat(temporaryOf(path)).catch((error: unknown) => refuseUnlessMissing(error));
    let folder = dirname(path);
    while (!(await isWritable(folder))) folder = dirname(folder);
  } catch (error) {
    throw writeError(path, error);
  }
}

/** False where there is none. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    const isFolder = (await stat(folder)).isDirectory();
    if (!isFolder) throw Object.assign(new Error(`${folder} is a file`), { code: "ENOTDIR" });
    await access(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    refuseUnlessMissing(error);
    return false;
  }
}

function refuseUnlessMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
