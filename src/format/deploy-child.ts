/** Folders of a child that stacks load as they are. */
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { jsonText } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import type { FolderFiles, ShippedChild, ShippedFile } from "./format.js";
import { formats, type FormatName } from "./formats.js";
import { MANIFEST, manifestOf } from "./manifest.js";
import { provenanceOf } from "./provenance.js";
import { sbomOf } from "./sbom.js";
import { readShipped } from "./shipped-child.js";
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
  readonly signal?: AbortSignal;
}

interface Planned {
  readonly format: FormatName;
  readonly folder: string;
  readonly child: ShippedChild;
}

/**
 * Writes a folder for each child and format, each whole or not at all. A format that takes several precisions makes one folder of a child's
 * files, others one for each file.
 * @param paths .onnx files; their certificates are the .json beside them
 * @throws UserError `deploy/missing`, `deploy/certificate` where there is no child, `format/child` where the two don't belong together,
 * `format/precision` where a format wants another child, `target/onnxruntime-web` where a page's runtime is missing, `format/different` where a format computes something else, `format/out` where a folder is there already or two would be one, `format/key`, `file/write`
 */
export async function deployChildren(paths: readonly string[], options: DeployOptions): Promise<Deployed[]> {
  const { signWith } = options;
  const key = signWith === undefined ? undefined : await readKey(signWith, "private");
  const files: ShippedChild[] = [];
  for (const path of paths) files.push(await readShipped(path));
  for (const format of options.formats) await formats[format].needs?.();
  const plan = options.formats.flatMap((format) => {
    const { takesPrecisions, onlyFloat32 } = formats[format];
    if (onlyFloat32) files.forEach((file) => checkFloat32(file, format));
    const children = takesPrecisions ? withPrecisions(files) : files;
    return children.map((child): Planned => {
      const above = children.length > 1 ? join(options.out, child.name) : options.out;
      return { format, folder: join(above, format), child };
    });
  });
  await refuseTwo(plan);
  for (const { format, child } of plan) await refuseDifferent(format, child);
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
  const own = await formats[format].files(child);
  const pathOf = ({ bytes }: ShippedFile): string => Object.keys(own).find((path) => own[path] === bytes)!;
  const files = {
    ...own,
    "provenance.json": jsonText(provenanceOf(child, pathOf)),
    "sbom.cdx.json": sbomOf(child, formats[format].carries),
  };
  return { ...files, [MANIFEST]: jsonText(manifestOf(format, child, files)) };
}

/** @throws UserError `format/precision` for a child in another precision */
function checkFloat32({ name, certificate: { precision } }: ShippedChild, format: FormatName): void {
  if (precision === "float32") return;
  throw new UserError("format/precision", {
    at: `${name}.onnx`,
    got: `a child in ${precision}`,
    want: `one in float32 for the format ${format}`,
    fix: "Export it with --precision float32, or leave the format out.",
  });
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
