/** Where a model is from, in the words of the supply chain: SLSA's provenance (slsa.dev/spec/v1.2/provenance) in an in-toto statement. */
import type { ShippedChild, ShippedFile } from "./format.js";

/**
 * A statement about every model of a folder. All of it is of the certificates.
 * @param pathOf the path of a model in the folder
 */
export function provenanceOf(child: ShippedChild, pathOf: (file: ShippedFile) => string): object {
  const { nestling, provenance } = child.certificate;
  const { space, spaceHash, architecture, checkpoint, step, dataFingerprint, recalibrationImages, batch, opset } =
    provenance;
  const maker = `pkg:npm/nestling@${nestling}`;
  const files = [child, ...child.others];
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: files.map((file) => ({ name: pathOf(file), digest: { sha256: file.certificate.sha256 } })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: `${maker}#export`,
        externalParameters: {
          ...{ space, architecture, recalibrationImages, batch },
          ...(opset !== undefined && { opset }),
          precisions: files.map(({ certificate }) => certificate.precision),
        },
        resolvedDependencies: [
          { name: "weights of the supernet", digest: { sha256: checkpoint }, annotations: { step } },
          { name: "training images", digest: { sha256: dataFingerprint } },
          { name: "search space", digest: { sha256: spaceHash } },
        ],
      },
      runDetails: { builder: { id: maker, version: { nestling } } },
    },
  };
}
