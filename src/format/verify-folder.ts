/** Is a deployed folder as it was written, and does all of it say what the child's certificate says? */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument, readDocumentIfAny } from "../base/document.js";
import { sha256Of } from "../base/hash.js";
import { canonicalSeal, isSealed } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { version } from "../base/version.js";
import { readUserBytes, readUserBytesIfAny } from "../base/user-file.js";
import { certificateFile } from "../deploy/certificate.js";
import { ledger, type Ledger } from "../deploy/ledger.js";
import { verifyFile } from "../deploy/verify-file.js";
import { verifyProbe } from "../deploy/verify-probe.js";
import type { Verification } from "../deploy/verify.js";
import { filesOf } from "./deploy-child.js";
import type { ShippedChild, ShippedFile } from "./format.js";
import { formats, type FormatName } from "./formats.js";
import { MANIFEST, manifestFile, type Manifest } from "./manifest.js";
import { SLICES } from "./slices/slices-file.js";
import { verifySlices } from "./slices/verify-slices.js";
import { isSignedBy, readKey, SIGNATURE } from "./signature.js";

const mistake = { code: manifestFile.code, want: "a file that the folder's manifest names", fix: manifestFile.fix };

/** What is asked of a folder beside what it says of itself. */
export interface VerifyFolderOptions {
  /** A PEM file of the public Ed25519 key of who is meant to have deployed it: the signature must be there, and of this key. */
  readonly signedBy?: string;
}

/**
 * Checks every file of a folder: by the manifest's hashes, and, where this version of nestling wrote it, by writing it again in memory from the
 * model and its certificate. So neither a label, a preprocessing field nor a config can differ from what is certified.
 * Of a folder of slices, each is compiled again.
 * @throws UserError `format/manifest`, `format/slices` (also where a signature is asked for), `deploy/certificate` where it can't be read, `format/key`
 */
export async function verifyFolder(folder: string, options: VerifyFolderOptions = {}): Promise<Verification> {
  const found = ledger();
  if (await readUserBytesIfAny(join(folder, SLICES), mistake)) {
    if (options.signedBy !== undefined) throw unsigned(folder);
    return verifySlices(folder);
  }
  const manifest = await readDocumentIfAny(join(folder, MANIFEST), manifestFile);
  if (!manifest) {
    const fix = "Name the .onnx file, or the folder of a format.";
    const { code, want } = manifestFile;
    throw new UserError(code, { at: folder, got: `a folder without ${MANIFEST}`, want, fix });
  }
  found.check("manifest", isSealed(manifest, canonicalSeal), `${manifest.kind}, by nestling ${manifest.nestling}`);
  await verifySignature(folder, options.signedBy, found);
  const hashes = await verifyHashes(folder, manifest, found);
  const child = await readDeployed(folder, manifest);
  for (const { bytes, certificate } of [child, ...child.others]) await verifyFile(bytes, certificate, found);
  const lacks = await lackOf(manifest.kind);
  if (manifest.nestling !== version) {
    found.skip("content", `another version of nestling wrote it: ${manifest.nestling}, not ${version}`);
  } else if (lacks !== undefined) {
    found.skip("content", lacks);
  } else {
    const again = await filesOf(manifest.kind, child);
    const wrong = Object.keys(again).filter((path) => hashes.get(path) !== sha256Of(again[path]!));
    found.check("content", wrong.length === 0, wrong.length === 0 ? "follows from the certificate" : listed(wrong));
  }
  for (const { bytes, certificate } of [child, ...child.others]) {
    if (found.passed) await verifyProbe(bytes, certificate, found);
    else found.skip("probe", "the folder isn't as it was written");
  }
  await verifyCompared(folder, manifest.kind, child, found);
  return { file: folder, passed: found.passed, checks: found.checks };
}

const unsigned = (folder: string): UserError =>
  new UserError("format/slices", {
    ...{ at: folder, got: "a folder of slices, which nobody signs", want: "a signed folder" },
    fix: "Verify it without a key: each slice is compiled again and held to its certificate.",
  });

/** Whether a file that isn't the certified one still computes the same. */
async function verifyCompared(folder: string, kind: FormatName, child: ShippedChild, found: Ledger): Promise<void> {
  const { compare } = formats[kind];
  if (!compare) return;
  if (!found.passed) {
    found.skip("computes", "the folder isn't as it was written");
    return;
  }
  const { difference, allowed, of } = await compare(child, (path) => readUserBytes(join(folder, path), mistake));
  const detail = `largest difference ${difference.toExponential(2)} of ${allowed.toExponential(2)}: ${of}`;
  found.check("computes", difference <= allowed, detail);
}

/** What this machine lacks to write such a folder again. */
async function lackOf(kind: FormatName): Promise<string | undefined> {
  try {
    await formats[kind].needs?.();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function readDeployed(folder: string, manifest: Manifest): Promise<ShippedChild> {
  const read = async ({
    model,
    certificate: name,
  }: {
    readonly model: string;
    readonly certificate: string;
  }): Promise<ShippedFile> => {
    const at = join(folder, name);
    const bytes = await readUserBytes(join(folder, model), mistake);
    const certificateBytes = await readUserBytes(at, mistake);
    return { bytes, certificateBytes, certificate: parseDocument(certificateBytes, at, certificateFile) };
  };
  const others = await Promise.all((manifest.others ?? []).map(read));
  return { name: manifest.name, ...(await read(manifest)), others };
}

/** Signatures are asked for by those who know the signer's key; a folder can't say whose it is. */
async function verifySignature(folder: string, keyFile: string | undefined, found: Ledger): Promise<void> {
  const signature = await readUserBytesIfAny(join(folder, SIGNATURE), mistake);
  if (keyFile === undefined) {
    if (signature) found.skip("signature", "there is one, and no key to check it with");
    return;
  }
  const key = await readKey(keyFile, "public");
  if (!signature) {
    found.check("signature", false, `there is no ${SIGNATURE}`);
    return;
  }
  const isRight = isSignedBy(await readUserBytes(join(folder, MANIFEST), mistake), signature, key);
  found.check("signature", isRight, isRight ? "of the key that was given" : "not of the key that was given");
}

/** What using a folder leaves in it. */
const installed = /^(?:node_modules|__pycache__)(?:\/|$)/;

const listed = (paths: readonly string[]): string => `differ from what the certificate says: ${paths.join(", ")}`;

/** @returns the SHA-256 of each file that is there, by its path */
async function verifyHashes(
  folder: string,
  { files }: Manifest,
  found: Ledger,
): Promise<ReadonlyMap<string, string | undefined>> {
  const hashes = new Map<string, string | undefined>();
  for (const path of [...Object.keys(files), MANIFEST]) {
    const bytes = await readUserBytesIfAny(join(folder, path), mistake);
    hashes.set(path, bytes && sha256Of(bytes));
  }
  const wrong = Object.entries(files)
    .filter(([path, sha256]) => hashes.get(path) !== sha256)
    .map(([path]) => (hashes.get(path) === undefined ? `${path} is missing` : `${path} was changed`));
  const there = await readdir(folder, { recursive: true, withFileTypes: true });
  const known = new Set([...Object.keys(files), MANIFEST, SIGNATURE]);
  const others = there
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll("\\", "/").replace(/^\/+/, ""))
    .filter((path) => !known.has(path) && !installed.test(path));
  if (others.length > 0) found.note("other files", others.slice(0, 10).join(", "));
  const count = Object.keys(files).length;
  found.check(
    "files",
    wrong.length === 0,
    wrong.length === 0 ? `all ${count} are as they were written` : wrong.join("; "),
  );
  return hashes;
}
