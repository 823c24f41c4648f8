/** A file's metadata (ONNX metadata_props): its origin, its labels, and how to prepare an image for it. */
import { version } from "../base/version.js";
import type { Architecture } from "../space/space.js";
import { hashProvenance, type Provenance } from "./provenance.js";
import type { Run } from "../run/run.js";

/** How an image becomes `pixel_values`, in the terms of Hugging Face's preprocessor_config.json. */
export interface Preprocessing {
  readonly size: { readonly height: number; readonly width: number };
  readonly channels: number;
  /** 2: PIL's bilinear, antialiased. */
  readonly resample: 2;
  readonly rescale_factor: number;
  readonly image_mean: readonly number[];
  readonly image_std: readonly number[];
}

export const preprocessingOf = ({ data }: Run, { resolution }: Architecture): Preprocessing => ({
  size: { height: resolution, width: resolution },
  channels: data.train.channels,
  resample: 2,
  rescale_factor: 1 / 255,
  image_mean: data.mean,
  image_std: data.std,
});

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
