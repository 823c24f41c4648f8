/** Reads a child as it was shipped: its file, and the certificate that is of this very file. */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseDocument, readDocument } from "../base/document.js";
import { sha256Of } from "../base/hash.js";
import { canonicalSeal } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { readUserBytes } from "../base/user-file.js";
import { readChildFile } from "../deploy/child-file.js";
import { certificateFile, certificatePath } from "../deploy/certificate.js";
import type { ShippedChild } from "./format.js";
import { MANIFEST, manifestFile } from "./manifest.js";

/**
 * @param path of the .onnx file; its certificate is the .json beside it
 * @throws UserError `deploy/missing`, `deploy/certificate` where there is no child, `format/child` where the two don't belong together
 */
export async function readShipped(path: string): Promise<ShippedChild> {
  return certified(basename(path, ".onnx"), path, await readChildFile(path), certificatePath(path));
}

/**
 * @param place an .onnx file, or a folder that `nestling deploy` wrote
 * @throws UserError as `readShipped`; `format/manifest` for another folder
 */
export async function readShippedAt(place: string): Promise<ShippedChild> {
  const isFolder = await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return readShipped(place);
  const { name, model, certificate } = await readDocument(join(place, MANIFEST), {
    ...manifestFile,
    seal: canonicalSeal,
  });
  const path = join(place, model);
  return certified(name, path, await readChildFile(path), join(place, certificate));
}

async function certified(name: string, path: string, bytes: Uint8Array, beside: string): Promise<ShippedChild> {
  // Formats name a folder after it.
  if (/^\.{0,2}$/.test(name)) {
    const got = `named ${JSON.stringify(name)}`;
    const fix = "Rename the file, and the certificate beside it.";
    throw new UserError("format/child", { at: path, got, want: "a name that a folder may have", fix });
  }
  const { code, want, fix } = certificateFile;
  const certificateBytes = await readUserBytes(beside, { code, want, fix });
  const certificate = parseDocument(certificateBytes, beside, { ...certificateFile, seal: canonicalSeal });
  const sha256 = sha256Of(bytes);
  if (sha256 !== certificate.sha256) {
    const got = `of another file than ${path}: its SHA-256 is ${certificate.sha256}, not ${sha256}`;
    throw new UserError("format/child", { at: beside, got, want: "the file's own certificate", fix });
  }
  return { name, bytes, certificate, certificateBytes, others: [] };
}
