/** A folder of slices: the checkpoint, opened once, and its children by name. */
import { join } from "node:path";
import { parseDocument, readDocument } from "../../base/document.js";
import { sha256Of } from "../../base/hash.js";
import { canonicalSeal } from "../../base/seal.js";
import { UserError } from "../../base/user-error.js";
import { readUserBytes } from "../../base/user-file.js";
import { decodeSafetensors, type Tensors } from "../../checkpoint/safetensors.js";
import { compileKnown } from "../../compile/compile-known.js";
import { certificateFile } from "../../deploy/certificate.js";
import { layoutOf, viewsOf } from "../../graph/layout.js";
import { parseSpace } from "../../supernet/spaces.js";
import { buildSupernet } from "../../supernet/supernet.js";
import { storedWeights } from "../../supernet/weights.js";
import type { ShippedFile } from "../format.js";
import { knownOf } from "./known.js";
import { SLICES, slicesFile, type SlicesFile } from "./slices-file.js";

export interface Slices {
  readonly names: readonly string[];
  /**
   * The child's file, byte for byte, and its certificate.
   * @throws UserError `format/slices` where there is none of that name, or it compiles to other bytes
   */
  slice(name: string): Promise<ShippedFile>;
}

/** @throws UserError `format/slices` where it is none, or one of its files is another than it names */
export async function readSlices(folder: string): Promise<Slices> {
  const { space: described, weights, statistics, slices } = await readDocument(join(folder, SLICES), slicesFile);
  const at = join(folder, weights.file);
  const supernet = buildSupernet(parseSpace(described, `${join(folder, SLICES)}: space`));
  const layout = layoutOf(supernet.graph);
  const shared = viewsOf(layout, await storedWeights(() => tensorsOf(folder, weights), at)(layout));
  const measured = await tensorsOf(folder, statistics);
  return {
    names: Object.keys(slices),
    async slice(name) {
      if (!Object.hasOwn(slices, name)) {
        const [got, want] = [JSON.stringify(name), Object.keys(slices).join(" or ")];
        throw wrong({ at: `a slice of ${folder}`, got, want, fix: "Name one of these." });
      }
      const { certificate: beside, sha256 } = slices[name]!;
      const certificateBytes = await readUserBytes(join(folder, beside), slicesFile);
      const certificate = parseDocument(certificateBytes, join(folder, beside), {
        ...certificateFile,
        seal: canonicalSeal,
      });
      const own = [...measured].filter(([key]) => key.startsWith(`${name}/`));
      const found = new Map(own.map(([key, { data }]) => [key.slice(name.length + 1), data]));
      const bytes = await compileKnown(supernet, shared, certificate.architecture, found, knownOf(certificate));
      const hash = sha256Of(bytes);
      if (hash !== sha256 || hash !== certificate.sha256) {
        const fix = "Another version of nestling may compile it otherwise: use the one that slices.json names.";
        throw wrong({ at: `the slice ${name}`, got: `a file of SHA-256 ${hash}`, want: certificate.sha256, fix });
      }
      return { bytes, certificate, certificateBytes };
    },
  };
}

async function tensorsOf(folder: string, { file, sha256 }: SlicesFile["weights"]): Promise<Tensors> {
  const at = join(folder, file);
  const bytes = await readUserBytes(at, slicesFile);
  if (sha256Of(bytes) !== sha256) {
    throw wrong({ at, got: "another file", want: `SHA-256 ${sha256}`, fix: slicesFile.fix });
  }
  return decodeSafetensors(bytes, at);
}

const wrong = (problem: {
  readonly at: string;
  readonly got: string;
  readonly want: string;
  readonly fix: string;
}): UserError => new UserError("format/slices", problem);
