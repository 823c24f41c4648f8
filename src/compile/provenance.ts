/** What a compiled file is made from. Its hash is in the file's metadata, which ties the file to its certificate. */
import { sha256OfJson } from "../base/hash.js";
import type { Run } from "../run/run.js";

export interface Provenance {
  readonly space: string;
  readonly spaceHash: string;
  /** SHA-256 of the supernet's weights. */
  readonly checkpoint: string;
  readonly step: number;
  readonly data: string;
  readonly dataFingerprint: string;
  readonly recalibrationImages: number;
}

export const provenanceOf = (
  { description, steps, supernet, weightsHash, train }: Run,
  recalibrationImages: number,
): Provenance => ({
  space: supernet.space.name,
  spaceHash: supernet.space.hash,
  checkpoint: weightsHash,
  step: steps,
  data: description.data.source,
  dataFingerprint: description.data.fingerprint,
  recalibrationImages: Math.min(recalibrationImages, train.length),
});

export const hashProvenance = (provenance: Provenance): string => sha256OfJson(provenance);
