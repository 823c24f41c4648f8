/** Files that are whole or absent: written beside their place, flushed, then renamed into it. */
import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, readlink, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "./user-error.js";

/** A list is written one part after the other. */
type Content = string | Uint8Array | readonly Uint8Array[];

/**
 * Writes a file by atomic rename, making its folder.
 * @param mode who may read and write it, from its first byte on; by default as the user's other files
 * @throws UserError `file/write` when the disk is full, the folder can't be written, or the place is a folder, a device or a pipe.
 */
export const writeFileAtomic = (path: string, content: Content, mode?: number): Promise<void> =>
  writeFilesAtomic([[path, content]], mode);

/** Writes a value as indented JSON with a final line break. */
export const writeJsonAtomic = (path: string, value: unknown): Promise<void> => writeFileAtomic(path, jsonText(value));

/** A value as the text of a JSON file. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * Writes files that belong together: all lie whole beside their places before the first is renamed. The last one is renamed last,
 * so put there what names the others.
 * @throws UserError as `writeFileAtomic`; then no file has changed and no folder is new
 */
export async function writeFilesAtomic(
  files: readonly (readonly [path: string, content: Content])[],
  mode?: number,
): Promise<void> {
  const written: (readonly [temporary: string, path: string])[] = [];
  const made: string[] = [];
  for (const [path, content] of files) {
    const temporary = temporaryOf(path);
    try {
      await makeFolder(dirname(path), made);
      // A rename onto a folder would fail when others are done.
      await refuseOthers(path);
      written.push([temporary, path]);
      await writeFlushed(temporary, content, mode);
    } catch (error) {
      await Promise.all(written.map(([name]) => rm(name, { force: true }).catch(() => undefined)));
      for (const folder of made.reverse()) await rmdir(folder).catch(() => undefined);
      throw writeError(path, error);
    }
  }
  for (const [temporary, path] of written) {
    await rename(temporary, path).catch(async (error: unknown) => {
      await Promise.all(written.map(([name]) => rm(name, { force: true }).catch(() => undefined)));
      throw writeError(path, error);
    });
  }
}

/** A name that no other writer has, beside the file's place. */
export const temporaryOf = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.partial`);

async function writeFlushed(path: string, content: Content, mode: number | undefined): Promise<void> {
  const file = await open(path, "w", mode);
  try {
    await writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a folder and those above it, noting each. One by one: `recursive` reports a read-only disk as ENOENT, and never ends in /proc. */
export async function makeFolder(path: string, made: string[]): Promise<void> {
  if (await isMade(path, made)) return;
  await makeFolder(dirname(path), made);
  if (await isMade(path, made)) return;
  // There is a folder above it, which takes none.
  throw Object.assign(new Error(`${path} can't be made`), { code: "ENOENT" });
}

/** False where the folder above it is missing. */
async function isMade(path: string, made: string[]): Promise<boolean> {
  try {
    await mkdir(path);
    made.push(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    // A file in its place is refused when something is opened below it.
    if (code !== "EEXIST" && code !== "EISDIR") throw error;
  }
  return true;
}

/**
 * A device or a pipe is what other programs have open: renamed over, `/dev/null` is a file for all of them.
 * @throws an error of the file system where the path is a folder; UserError `file/write` where it is no file
 */
export async function refuseOthers(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw Object.assign(new Error(`${path} is a folder`), { code: "EISDIR" });
  const here = await lstat(path).catch(() => undefined);
  // `/dev/stdout` is a link to `/proc/self/fd/1`; every other link is replaced.
  const isOpened = here?.isSymbolicLink() && (await readlink(path)).startsWith("/proc/");
  if (!here || here.isFile() || (here.isSymbolicLink() && !isOpened)) return;
  const fix = "Choose another name: the file appears whole under it, and nothing is written bit by bit.";
  throw new UserError("file/write", { at: path, got: "a device or a pipe", want: "a file's path", fix });
}

/** What a failed write means to the user; errors that are not the file system's pass through. */
export function writeError(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const known: Partial<Record<string, [want: string, fix: string]>> = {
    ENOSPC: ["free disk space", "Free some space or choose another folder; nothing was changed."],
    EDQUOT: ["free disk quota", "Free some space or choose another folder; nothing was changed."],
    EACCES: ["a place that can be written", "Change the permission or choose another folder."],
    EPERM: ["a place that can be written", "Change the permission or choose another folder."],
    EROFS: ["a place that can be written", "The file system is read-only: choose another folder."],
    ENOENT: ["a place that can be written", "Its folder is gone, or takes no new files: choose another folder."],
    EISDIR: ["a file's path", "It is a folder: choose another name."],
    ENOTDIR: ["a path through folders", "A part of the path is a file: choose another path."],
    EEXIST: ["a path through folders", "A part of the path is a file: choose another path."],
    ENOTEMPTY: ["a free place", "Another process has written it meanwhile: choose another name, or remove it first."],
    ENAMETOOLONG: ["a shorter path", "The file system takes no name this long: choose a shorter one."],
  };
  const [want, fix] = (code && known[code]) || [];
  if (!want || !fix) return error;
  return new UserError("file/write", { at: path, got: `not writable (${code})`, want, fix }, { cause: error });
}
