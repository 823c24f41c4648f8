/** What a child's file says beside its network, as its certificate knows it: the same as `metadataOf` a run. */
import type { EmitOptions } from "../../compile/emit.js";
import type { Certificate } from "../../deploy/certificate.js";

export function knownOf(certificate: Certificate): Omit<EmitOptions, "resolution" | "output"> {
  const { nestling, provenance, provenanceHash, precision, id, architecture, labels, preprocessing } = certificate;
  const { batch, opset } = provenance;
  return {
    ...(typeof batch === "number" && { staticBatch: batch }),
    ...(opset !== undefined && { opset }),
    metadata: {
      "nestling.version": nestling,
      "nestling.provenance": JSON.stringify(provenance),
      "nestling.provenance_sha256": provenanceHash,
      "nestling.precision": precision,
      "nestling.architecture_id": id,
      "nestling.architecture": JSON.stringify(architecture),
      "nestling.labels": JSON.stringify(labels),
      "nestling.preprocessing": JSON.stringify(preprocessing),
    },
  };
}
