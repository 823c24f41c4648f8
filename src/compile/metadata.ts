/** A file's metadata (ONNX metadata_props): its origin, its labels, and how to prepare an image for it. */
import { version } from "../base/version.js";
import { preprocessingAt, type Preprocessing } from "../data/preprocessing.js";
import type { Architecture } from "../space/space.js";
import { hashProvenance, type Provenance } from "./provenance.js";
import type { Run } from "../run/run.js";

export const preprocessingOf = ({ data }: Run, { resolution }: Architecture): Preprocessing =>
  preprocessingAt(resolution, data.train.channels, data, data.evaluation);

export const metadataOf = (run: Run, architecture: Architecture, provenance: Provenance): Record<string, string> => ({
  "nestling.version": version,
  "nestling.provenance": JSON.stringify(provenance),
  "nestling.provenance_sha256": hashProvenance(provenance),
  "nestling.precision": provenance.precision,
  "nestling.architecture_id": provenance.architecture,
  "nestling.architecture": JSON.stringify(architecture),
  "nestling.labels": JSON.stringify(run.data.classes),
  "nestling.preprocessing": JSON.stringify(preprocessingOf(run, architecture)),
});
