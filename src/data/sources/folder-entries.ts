/**
 * What is in a folder, links followed and every file known by its content. Names may be bytes that are no UTF-8, as old archives leave them,
 * so paths are bytes too.
 */
import { open, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { inParallel } from "../../base/in-parallel.js";
import { machineLimit } from "../../base/machine-limit.js";
import { UserError } from "../../base/user-error.js";
import { foundInstead } from "../../base/user-file.js";
import { HEAD_BYTES, isNamedAsPicture, pictureKind } from "../pictures/picture-kind.js";
import { byCodeUnit } from "./natural-order.js";

/** What an entry of a folder is, for us. */
export type EntryKind = "folder" | "picture" | "file" | "hidden" | "broken link" | "special file";

/** A place on the disk, and the same as text for people. */
export interface DiskPlace {
  readonly path: Buffer;
  readonly at: string;
}

export const diskPlace = (path: string): DiskPlace => ({ path: Buffer.from(path), at: path });

/** An entry of a folder. */
export interface FolderEntry extends DiskPlace {
  /** Its name; where its bytes are no UTF-8, they are read as Latin-1. */
  readonly name: string;
  readonly kind: EntryKind;
  /** Whether a folder is hidden or the system's, where `kind` is hidden. */
  readonly isFolder: boolean;
}

/** Files and folders that systems and tools put beside pictures. */
const systemNames = new Set(
  [
    ...["thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"],
    ...["__macosx", "@eadir", "#recycle", "@recycle", "@__thumb", "#snapshot", "lost+found", "$recycle.bin"],
    ...["system volume information", "__pycache__"],
  ].map((name) => name.toLowerCase()),
);
const isHidden = (name: string): boolean => name.startsWith(".") || systemNames.has(name.toLowerCase());

/**
 * What is in a folder, in order of name.
 * @throws UserError `data/unreadable` for a folder that can't be opened
 */
export async function entriesOf(folder: DiskPlace): Promise<FolderEntry[]> {
  const names = await readdir(folder.path, { encoding: "buffer" }).catch((error: unknown) => {
    throw unreadable(folder.at, error);
  });
  const entries: FolderEntry[] = [];
  await inParallel(names.length, async (i) => {
    const name = decoded(names[i]!);
    const path = Buffer.concat([folder.path, Buffer.from(sep), names[i]!]);
    const at = join(folder.at, name);
    entries.push({ name, path, at, ...(await kindOf(name, { path, at })) });
  });
  return entries.sort((a, b) => byCodeUnit(a.name, b.name) || Buffer.compare(a.path, b.path));
}

async function kindOf(name: string, { path, at }: DiskPlace): Promise<Pick<FolderEntry, "kind" | "isFolder">> {
  const found = await stat(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ELOOP" || code === "ENOTDIR") return undefined;
    throw unreadable(at, error);
  });
  const isFolder = found?.isDirectory() ?? false;
  if (isHidden(name)) return { kind: "hidden", isFolder };
  if (!found) return { kind: "broken link", isFolder };
  if (isFolder) return { kind: "folder", isFolder };
  // A pipe would be waited for.
  if (!found.isFile()) return { kind: "special file", isFolder };
  const head = await headOf(path);
  // What can't be opened may be a picture: whoever reads pictures then says so, of all of them at once.
  const isPicture = head === undefined || pictureKind(head) !== undefined || isNamedAsPicture(name);
  return { kind: isPicture ? "picture" : "file", isFolder };
}

/** The first bytes of a file; undefined where it can't be opened. */
async function headOf(path: Buffer): Promise<Buffer | undefined> {
  const file = await open(path).catch(() => undefined);
  try {
    const read = await file?.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return read?.buffer.subarray(0, read.bytesRead);
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

/** Where a folder really is: two ways to one folder have one. */
export const realPlace = async (folder: Buffer): Promise<string> =>
  (await realpath(folder, { encoding: "buffer" })).toString("latin1");

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(bytes: Buffer): string {
  try {
    return strict.decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
}

function unreadable(at: string, cause: unknown): UserError {
  const limit = machineLimit(cause);
  if (limit) return limit;
  const fix = "Change its permissions, or remove it.";
  return new UserError(
    "data/unreadable",
    { at, got: foundInstead(cause), want: "a folder of pictures", fix },
    { cause },
  );
}
