/**
 * What a compiled file is made from: everything that its bytes follow from. Its hash is in the file's metadata and in the certificate,
 * and no two children have the same, so that a file names its own certificate.
 */
import { sha256OfJson } from "../base/hash.js";
import type { Run } from "../run/run.js";
import { defaultOpset } from "./opsets.js";
import type { PrecisionName } from "./precisions.js";

/** What is asked for of a run. */
export interface Wanted {
  /** The architecture's id in the run's space. */
  readonly architecture: string;
  readonly precision: PrecisionName;
  /** Images of the file's batch. */
  readonly batch: number | "free";
  readonly recalibrationImages: number;
  /** Left out where it is 17, as in all files from before there was a choice: their hashes and bytes stay as they are. */
  readonly opset?: number | undefined;
  /** Points of accuracy that quantisation may lose; left out where it is not limited. */
  readonly maxLoss?: number | undefined;
}

/** What a file is made from; equal provenance means equal bytes on one machine. */
export interface Provenance extends Wanted {
  readonly space: string;
  readonly spaceHash: string;
  /** SHA-256 of the supernet's weights. */
  readonly checkpoint: string;
  readonly step: number;
  readonly dataFingerprint: string;
}

export const provenanceOf = (
  { description, steps, supernet, weightsHash, train }: Run,
  { architecture, precision, batch, recalibrationImages, opset = defaultOpset, maxLoss }: Wanted,
): Provenance => ({
  space: supernet.space.name,
  spaceHash: supernet.space.hash,
  architecture,
  checkpoint: weightsHash,
  step: steps,
  dataFingerprint: description.data.fingerprint,
  recalibrationImages: Math.min(recalibrationImages, train.length),
  precision,
  batch,
  ...(opset !== defaultOpset && { opset }),
  ...(maxLoss !== undefined && { maxLoss }),
});

export const hashProvenance = (provenance: Provenance): string => sha256OfJson(provenance);
