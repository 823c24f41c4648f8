/** One child as a file that ships and the certificate beside it. */
import { basename } from "node:path";
import { jsonText, writeFilesAtomic } from "../base/atomic-file.js";
import { canonicalSeal, sealed } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { version } from "../base/version.js";
import { compiler, defaultRecalibrationImages } from "../compile/compile-child.js";
import { preprocessingOf } from "../compile/metadata.js";
import { hashProvenance, provenanceOf } from "../compile/provenance.js";
import type { Run } from "../run/run.js";
import { measureAccuracy } from "../evaluate/accuracy.js";
import { openLatencyBench, type LatencyBench } from "../evaluate/latency.js";
import type { Architecture } from "../space/space.js";
import { certificatePath, toleranceFor, type Certificate } from "./certificate.js";
import { compareToSupernet, testImages } from "./contract.js";

export interface ExportOptions {
  /** The .onnx file to write; its certificate goes beside it. */
  readonly out: string;
  readonly recalibrationImages?: number;
  /** A fixed batch size instead of a free one. */
  readonly staticBatch?: number;
  /** An open bench, to share one anchor among many exports. */
  readonly bench?: LatencyBench;
}

/** Test images on which child and supernet are compared. */
const COMPARED = 500;

/**
 * slice → recalibrate → fold → emit → verify, then accuracy on the test images and latency on this machine.
 * @throws UserError `deploy/out` when the name is no .onnx file
 */
export async function exportChild(run: Run, architecture: Architecture, options: ExportOptions): Promise<Certificate> {
  const { out, recalibrationImages = defaultRecalibrationImages, staticBatch } = options;
  if (!out.endsWith(".onnx")) {
    throw new UserError("deploy/out", {
      at: "--out",
      got: out,
      want: "a name that ends in .onnx",
      fix: `Use ${out}.onnx.`,
    });
  }
  const provenance = provenanceOf(run, recalibrationImages);
  const child = await compiler(run, { recalibrationImages, ...(staticBatch !== undefined && { staticBatch }) }).compile(
    architecture,
  );
  // What is judged has a free batch; a fixed one is the same network, compiled for its file alone.
  const judged = staticBatch === undefined ? child : await compiler(run, { recalibrationImages }).compile(architecture);
  const images = testImages(run, architecture.resolution);
  const compared = testImages(run, architecture.resolution, COMPARED);
  const { maxDifference, maxLogit, sameTopOne } = await compareToSupernet(run, judged, compared);
  const tolerance = toleranceFor(maxLogit);
  if (!(maxDifference <= tolerance)) {
    throw new Error(
      `internal: child ${child.id} differs from its supernet by ${maxDifference}, more than ${tolerance}`,
    );
  }
  const accuracy = await measureAccuracy(judged.bytes, images);
  const bench = options.bench ?? (await openLatencyBench());
  const { channels } = run.data.train;
  const dims = [staticBatch ?? 1, channels, architecture.resolution, architecture.resolution];
  const [measured] = await bench
    .measure([{ name: child.id, bytes: child.bytes, dims }])
    .finally(() => (options.bench ? undefined : bench.close()));
  const { p50Ms, intervalMs, p90Ms, minMs, rounds, runs, anchorSpread } = measured!;
  const batch = staticBatch ?? "batch_size";
  const known: Omit<Certificate, "seal"> = {
    format: 1,
    nestling: version,
    file: basename(out),
    sha256: child.sha256,
    fileBytes: child.bytes.length,
    id: child.id,
    architecture,
    provenance,
    provenanceHash: hashProvenance(provenance),
    macs: child.macs,
    parameters: child.parameters,
    peakBytes: child.peakBytes,
    accuracy: accuracy.accuracy,
    accuracyInterval: [...accuracy.accuracyInterval],
    correct: accuracy.correct,
    testImages: accuracy.count,
    latencyMs: p50Ms,
    latency: { p50Ms, intervalMs: [...intervalMs], p90Ms, minMs, rounds, runs, anchorMs: bench.anchorMs, anchorSpread },
    environment: { ...bench.environment },
    maxDifference,
    tolerance,
    sameTopOne,
    comparedImages: compared.count,
    labels: [...run.data.classes],
    preprocessing: { ...preprocessingOf(run, architecture) },
    inputs: { pixel_values: [batch, channels, architecture.resolution, architecture.resolution] },
    outputs: { logits: [batch, run.data.classes.length] },
  };
  const certificate = sealed(known, canonicalSeal);
  // The certificate last: a file with one is whole.
  await writeFilesAtomic([
    [out, child.bytes],
    [certificatePath(out), jsonText(certificate)],
  ]);
  return certificate;
}
