/** Files that are whole or absent: written beside their place, flushed, then renamed into it. */
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "./user-error.js";

/**
 * Writes a file by atomic rename, making its folder.
 * @throws UserError `file/write` when the disk is full, the folder can't be written, or the place is a folder.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.partial`);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}

/** Writes a value as indented JSON with a final line break. */
export const writeJsonAtomic = (path: string, value: unknown): Promise<void> =>
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);

/** What a failed write means to the user; errors that are not the file system's pass through. */
export function writeError(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const known: Partial<Record<string, [want: string, fix: string]>> = {
    ENOSPC: ["free disk space", "Free some space or choose another folder; nothing was changed."],
    EDQUOT: ["free disk quota", "Free some space or choose another folder; nothing was changed."],
    EACCES: ["a place that can be written", "Change the permission or choose another folder."],
    EPERM: ["a place that can be written", "Change the permission or choose another folder."],
    EROFS: ["a place that can be written", "The file system is read-only: choose another folder."],
    EISDIR: ["a file's path", "It is a folder: choose another name."],
    ENOTDIR: ["a path through folders", "A part of the path is a file: choose another path."],
    EEXIST: ["a path through folders", "A part of the path is a file: choose another path."],
  };
  const [want, fix] = (code && known[code]) || [];
  if (!want || !fix) return error;
  return new UserError("file/write", { at: path, got: `not writable (${code})`, want, fix }, { cause: error });
}
