/** Where a model is from, in the words of the supply chain: SLSA's provenance (slsa.dev/spec/v1.2/provenance) in an in-toto statement. */
import { sha256Of } from "../base/hash.js";
import type { ShippedChild, ShippedFile } from "./format.js";

/** A file that a format computes from the certified model. */
interface Made {
  readonly path: string;
  readonly bytes: string | Uint8Array;
}

/**
 * A statement about every model of a folder. All of it is of the certificates, but for files that are made from a model: these are subjects as
 * well, and the model is then also what they depend on.
 * @param pathOf the path of a model in the folder
 */
export function provenanceOf(
  child: ShippedChild,
  pathOf: (file: ShippedFile) => string,
  made: readonly Made[] = [],
): object {
  const { nestling, provenance } = child.certificate;
  const { space, spaceHash, architecture, checkpoint, step, dataFingerprint, recalibrationImages, batch, opset } =
    provenance;
  const maker = `pkg:npm/nestling@${nestling}`;
  const files = [child, ...child.others];
  const certified = files.map((file) => ({ name: pathOf(file), digest: { sha256: file.certificate.sha256 } }));
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [...certified, ...made.map(({ path, bytes }) => ({ name: path, digest: { sha256: sha256Of(bytes) } }))],
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
          ...(made.length > 0
            ? certified.map((file) => ({ ...file, annotations: { makes: made.map(({ path }) => path) } }))
            : []),
        ],
      },
      runDetails: { builder: { id: maker, version: { nestling } } },
    },
  };
}
