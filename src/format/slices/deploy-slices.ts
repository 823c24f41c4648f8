/** Named children of one checkpoint in one folder: the supernet's weights once, and what each child has of its own. */
import { jsonText } from "../../base/atomic-file.js";
import { sha256Of } from "../../base/hash.js";
import { canonicalSeal, sealed } from "../../base/seal.js";
import { UserError } from "../../base/user-error.js";
import { version } from "../../base/version.js";
import { encodeSafetensors, type Tensors } from "../../checkpoint/safetensors.js";
import { compiler } from "../../compile/compile-child.js";
import { compileKnown } from "../../compile/compile-known.js";
import { hashProvenance, provenanceOf } from "../../compile/provenance.js";
import type { Statistics } from "../../compile/recalibration.js";
import { layoutOf } from "../../graph/layout.js";
import type { Run } from "../../run/run.js";
import { namedArrays } from "../../supernet/weights.js";
import type { ShippedChild } from "../format.js";
import { refuseTaken, writeFolder } from "../write-folder.js";
import { knownOf } from "./known.js";
import { SLICES, type SlicesFile } from "./slices-file.js";

/** Where a folder of slices is written. */
export interface SlicesOptions {
  /** The folder itself; it is made. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/**
 * Writes a folder from which each child can be had again, byte for byte, without the run and its images: its batch norm statistics, which
 * follow from images, are measured again here and kept.
 * @param children of the run, in float32, as `readShipped` reads them; their names are the slices'
 * @throws UserError `format/child` where a child is of another run, or compiles to other bytes here,
 * `format/precision`, `format/out` where the folder is there already, `file/write`
 */
export async function deploySlices(
  run: Run,
  children: readonly ShippedChild[],
  { out, signal }: SlicesOptions,
): Promise<void> {
  await refuseTaken(out);
  children.forEach((child) => refuseOther(child, run));
  const measured = new Map<string, Statistics>();
  for (const child of children) {
    signal?.throwIfAborted();
    measured.set(child.name, await statisticsOf(child, run));
  }
  // Not the checkpoint as it is now: the run may have been trained on since it was opened.
  const weights = encodeSafetensors(namedArrays(layoutOf(run.supernet.graph), run.weights));
  const statistics = encodeSafetensors(inOne(measured));
  const slices = children.map(({ name, certificate: { id, sha256 } }) => [
    name,
    { architecture: id, sha256, certificate: `certificates/${name}.json` },
  ]);
  const file: Omit<SlicesFile, "seal"> = {
    ...{ format: 1, nestling: version, space: run.description.space as SlicesFile["space"] },
    weights: { file: "weights.safetensors", sha256: sha256Of(weights) },
    statistics: { file: "statistics.safetensors", sha256: sha256Of(statistics) },
    slices: Object.fromEntries(slices) as SlicesFile["slices"],
  };
  await writeFolder(out, {
    [SLICES]: jsonText(sealed(file, canonicalSeal)),
    "weights.safetensors": weights,
    "statistics.safetensors": statistics,
    ...Object.fromEntries(
      children.map(({ name, certificateBytes }) => [`certificates/${name}.json`, certificateBytes]),
    ),
    "README.md": readme(children),
  });
}

function refuseOther({ name, certificate }: ShippedChild, run: Run): void {
  const at = `${name}.onnx`;
  if (certificate.precision !== "float32") {
    const fix = "Leave it out: what other precisions measure on images isn't kept in slices.";
    throw new UserError("format/precision", { at, got: `a child in ${certificate.precision}`, want: "float32", fix });
  }
  if (hashProvenance(provenanceOf(run, certificate.provenance)) === certificate.provenanceHash) return;
  const fix = "Give the children of this run.";
  throw new UserError("format/child", { at, got: "of another run", want: `a child of ${run.folder}`, fix });
}

/** Measured again, and proven: with them the child compiles to its certified bytes. */
async function statisticsOf({ name, certificate }: ShippedChild, run: Run): Promise<Statistics> {
  const { architecture, provenance, sha256 } = certificate;
  const { recalibrationImages } = provenance;
  const { statistics } = await compiler(run, { recalibrationImages }).compile(architecture);
  const bytes = await compileKnown(run.supernet, run.weights, architecture, statistics, knownOf(certificate));
  if (sha256Of(bytes) === sha256) return statistics;
  const got = "one that compiles to other bytes here: it was exported on another machine, or by another version";
  throw new UserError("format/child", {
    ...{ at: `${name}.onnx`, got, want: "a child that was exported here" },
    fix: "Export it again, then deploy it.",
  });
}

const inOne = (measured: ReadonlyMap<string, Statistics>): Tensors =>
  new Map(
    [...measured].flatMap(([name, statistics]) =>
      [...statistics].map(([of, data]) => [`${name}/${of}`, { shape: [data.length], data }] as const),
    ),
  );

const readme = (children: readonly ShippedChild[]): string =>
  [
    "# Slices of a supernet",
    "",
    `One checkpoint and ${children.length} of its children, by name: ${children.map(({ name }) => name).join(", ")}.`,
    "",
    `    nestling export . --slice ${children[0]?.name ?? "NAME"} --out child.onnx`,
    "",
    "writes a child's .onnx file, byte for byte as it was certified, and its certificate beside it. Neither the run nor its images are needed:",
    `batch norm's statistics are in \`statistics.safetensors\`. Architectures and SHA-256 of all are in \`${SLICES}\`.`,
    "",
  ].join("\n");
