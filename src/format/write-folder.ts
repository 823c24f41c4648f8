/** Folders that appear whole or not at all. */
import { access, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder, temporaryOf, writeError } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import type { FolderFiles } from "./format.js";

/** @throws UserError `format/out` where it is there already */
export async function refuseTaken(folder: string): Promise<void> {
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  const fix = "Give another folder, or remove it first.";
  throw new UserError("format/out", { at: folder, got: "there already", want: "a folder that is not there", fix });
}

/** Written beside its place and renamed into it. */
export async function writeFolder(folder: string, files: FolderFiles): Promise<void> {
  const partial = temporaryOf(folder);
  const made: string[] = [];
  try {
    for (const [path, content] of Object.entries(files)) {
      const file = join(partial, path);
      await makeFolder(dirname(file), made);
      await writeFile(file, content, { flush: true });
    }
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    for (const above of made.reverse()) await rmdir(above).catch(() => undefined);
    throw writeError(folder, error);
  }
}
