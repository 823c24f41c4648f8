/** Folders of a child that stacks load as they are. */
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { jsonText, temporaryOf, writeError } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import type { FolderFiles, ShippedChild } from "./format.js";
import { formats, type FormatName } from "./formats.js";
import { MANIFEST, manifestOf } from "./manifest.js";
import { readShipped } from "./shipped-child.js";

/** A folder that was written. */
export interface Deployed {
  readonly format: FormatName;
  readonly folder: string;
  /** Paths in it. */
  readonly files: readonly string[];
}

/** Which folders are written, and where. */
export interface DeployOptions {
  /** Each becomes a folder of its name. */
  readonly formats: readonly FormatName[];
  /** The folder above them; it is made. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/**
 * Writes a folder for each format, whole or not at all.
 * @param path the .onnx file; its certificate is the .json beside it
 * @throws UserError `deploy/missing`, `deploy/certificate` where there is no child, `format/child` where the two don't belong together,
 * `format/out` where a folder is there already, `file/write`
 */
export async function deployChild(path: string, options: DeployOptions): Promise<Deployed[]> {
  const child = await readShipped(path);
  const folders = options.formats.map((format) => ({ format, folder: join(options.out, format) }));
  for (const { folder } of folders) await refuseExisting(folder);
  const deployed: Deployed[] = [];
  for (const { format, folder } of folders) {
    options.signal?.throwIfAborted();
    const files = await filesOf(format, child);
    await writeFolder(folder, files);
    deployed.push({ format, folder, files: Object.keys(files) });
  }
  return deployed;
}

/** All that a folder of a format holds. */
export async function filesOf(format: FormatName, child: ShippedChild): Promise<FolderFiles> {
  const files = await formats[format].files(child);
  return { ...files, [MANIFEST]: jsonText(manifestOf(format, child, files)) };
}

async function refuseExisting(folder: string): Promise<void> {
  const isFree = await access(folder).then(
    () => false,
    () => true,
  );
  if (isFree) return;
  const fix = "Give another folder, or remove it first.";
  throw new UserError("format/out", { at: folder, got: "there already", want: "a folder that is not there", fix });
}

/** Written beside its place and renamed into it. */
async function writeFolder(folder: string, files: FolderFiles): Promise<void> {
  const partial = temporaryOf(folder);
  try {
    for (const [path, content] of Object.entries(files)) {
      const file = join(partial, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content, { flush: true });
    }
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw writeError(folder, error);
  }
}
