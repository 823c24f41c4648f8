/** Folders of a child that stacks load as they are. */
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { jsonText } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import type { FolderFiles, ShippedChild, ShippedFile } from "./format.js";
import { formats, type FormatName } from "./formats.js";
import { float32Of, readPlaces, type LeftOut } from "./given-children.js";
import { MANIFEST, manifestOf } from "./manifest.js";
import { provenanceOf } from "./provenance.js";
import { sbomOf } from "./sbom.js";
import { withPrecisions } from "./shipped-children.js";
import { readKey, SIGNATURE, signatureOf } from "./signature.js";
import { refuseTaken, writeFolder } from "./write-folder.js";

/** A folder that was written. */
export interface Deployed {
  readonly format: FormatName;
  readonly folder: string;
  /** Paths in it. */
  readonly files: readonly string[];
}

/** Which folders are written, and where. */
export interface DeployOptions {
  readonly formats: readonly FormatName[];
  /** The folder above them; it is made. A format's only folder is OUT/FORMAT; where it has several, each is OUT/NAME/FORMAT. */
  readonly out: string;
  /** A PEM file of a private Ed25519 key: each folder gets a signature over its manifest. */
  readonly signWith?: string;
  /** Is given each child of a run that a format leaves out, since it takes float32 alone. */
  readonly onLeftOut?: (left: LeftOut) => void;
  /** Is given the name of each child of a run that its last search didn't choose: an earlier one left it, or it was exported by itself. */
  readonly onEarlier?: (name: string) => void;
  readonly signal?: AbortSignal;
}

interface Planned {
  readonly format: FormatName;
  readonly folder: string;
  readonly child: ShippedChild;
}

/**
 * Writes a folder for each child and format, each whole or not at all. A format that takes several precisions makes one folder of a child's
 * files, others one for each file. One that takes float32 alone refuses a file in another precision, and leaves it out where a run is given.
 * @param places .onnx files, whose certificates are the .json beside them; or runs, for all that their search exported
 * @throws UserError `deploy/missing`, `deploy/certificate` where there is no child, `format/child` where the two don't belong together,
 * `format/precision` where a format wants another child, `target/onnxruntime-web` where a page's runtime is missing, `format/different` where a format computes something else, `format/out` where a folder is there already or two would be one, `format/key`, `file/write`
 */
export async function deployChildren(places: readonly string[], options: DeployOptions): Promise<Deployed[]> {
  const { signWith } = options;
  const key = signWith === undefined ? undefined : await readKey(signWith, "private");
  const given = await readPlaces(places);
  for (const format of options.formats) await formats[format].needs?.();
  const leftOut: LeftOut[] = [];
  const plan = options.formats.flatMap((format) => {
    const { takesPrecisions, onlyFloat32 } = formats[format];
    const files = onlyFloat32 ? float32Of(given, format, leftOut) : given.map(({ file }) => file);
    const children = takesPrecisions ? withPrecisions(files) : files;
    return children.map((child): Planned => {
      const above = children.length > 1 ? join(options.out, child.name) : options.out;
      return { format, folder: join(above, format), child };
    });
  });
  await refuseTwo(plan);
  for (const { format, child } of plan) await refuseDifferent(format, child);
  for (const left of leftOut) options.onLeftOut?.(left);
  for (const { file, isEarlier } of given) if (isEarlier) options.onEarlier?.(file.name);
  const deployed: Deployed[] = [];
  for (const { format, folder, child } of plan) {
    options.signal?.throwIfAborted();
    const contents = signed(await filesOf(format, child), key);
    await writeFolder(folder, contents);
    deployed.push({ format, folder, files: Object.keys(contents) });
  }
  return deployed;
}

/** All that a folder of a format holds but its signature. */
export async function filesOf(format: FormatName, child: ShippedChild): Promise<FolderFiles> {
  const own: FolderFiles = await formats[format].files(child);
  const pathOf = ({ bytes }: ShippedFile): string => Object.keys(own).find((path) => own[path] === bytes)!;
  const made = (formats[format].makes ?? []).map((path) => ({ path, bytes: own[path]! }));
  const files = {
    ...own,
    "provenance.json": jsonText(provenanceOf(child, pathOf, made)),
    "sbom.cdx.json": sbomOf(child, formats[format].carries),
  };
  return { ...files, [MANIFEST]: jsonText(manifestOf(format, child, files)) };
}

/** @throws UserError `format/different` where a file that isn't the certified one computes something else */
async function refuseDifferent(format: FormatName, child: ShippedChild): Promise<void> {
  const { compare } = formats[format];
  if (!compare) return;
  const files = await formats[format].files(child);
  const { difference, allowed, of } = await compare(child, async (path) => files[path] as Uint8Array);
  if (difference <= allowed) return;
  throw new UserError("format/different", {
    at: `${child.name}.onnx`,
    got: `different by ${difference.toExponential(1)} in the format ${format}: ${of}`,
    want: `at most ${allowed.toExponential(1)}`,
    fix: "Use another format, and report this: it should not happen.",
  });
}

const signed = (files: FolderFiles, key: KeyObject | undefined): FolderFiles =>
  key ? { ...files, [SIGNATURE]: signatureOf(files[MANIFEST]!, key) } : files;

async function refuseTwo(plan: readonly Planned[]): Promise<void> {
  for (const [i, { folder, child }] of plan.entries()) {
    await refuseTaken(folder);
    if (plan.findIndex((other) => other.folder === folder) < i) {
      const got = `of two files named ${child.name}.onnx`;
      const fix = "Deploy them one by one, or give one of them another name.";
      throw new UserError("format/out", { at: folder, got, want: "a folder that is not there", fix });
    }
  }
}
