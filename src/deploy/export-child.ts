/** One child as a file that ships and the certificate beside it. */
import { basename } from "node:path";
import { jsonText, writeFilesAtomic } from "../base/atomic-file.js";
import { canonicalSeal, sealed } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { version } from "../base/version.js";
import { compiler, defaultRecalibrationImages, type CompiledChild } from "../compile/compile-child.js";
import { preprocessingOf } from "../compile/metadata.js";
import { defaultPrecision, toleranceOf, type PrecisionName } from "../compile/precisions.js";
import { hashProvenance } from "../compile/provenance.js";
import type { Run } from "../run/run.js";
import { measureAccuracy } from "../evaluate/accuracy.js";
import { withLatencyBench, type LatencyBench, type Timed } from "../evaluate/latency.js";
import type { Latency } from "../evaluate/rounds.js";
import type { Architecture } from "../space/space.js";
import type { Target } from "../target/target.js";
import { certificatePath, type Certificate } from "./certificate.js";
import { compareToSupernet, testImages } from "./contract.js";

/** Where a child goes, and how it is compiled. */
export interface ExportOptions {
  /** The .onnx file to write; its certificate goes beside it. */
  readonly out: string;
  /** Training images for batch norm recalibration; 2,000 by default. */
  readonly recalibrationImages?: number;
  /** A fixed batch size instead of a free one. */
  readonly staticBatch?: number;
  /** float32 by default. */
  readonly precision?: PrecisionName;
  /** Where its latency is measured: on this machine by default. */
  readonly target?: Target;
  /** Length of the latency session in seconds; 25 by default. */
  readonly seconds?: number;
  /** An open bench instead of a target. */
  readonly bench?: LatencyBench;
  /** The child's latency where `bench` has measured it already, together with others for example. */
  readonly latency?: Latency;
  /** Called with the child as soon as it is compiled: its report says what each step of the compiler did. */
  readonly onCompiled?: (child: CompiledChild) => void;
}

/** Test images on which child and supernet are compared. */
const COMPARED = 500;

/**
 * slice → recalibrate → fold → emit → verify, then accuracy on the test images and latency on the target.
 * @throws UserError `deploy/out` when the name is no .onnx file, `space/architecture`, `runtime/model`, `target/…`, `file/write`
 */
export async function exportChild(run: Run, architecture: Architecture, options: ExportOptions): Promise<Certificate> {
  const { out, recalibrationImages = defaultRecalibrationImages, staticBatch, precision = defaultPrecision } = options;
  const { seconds } = options;
  if (!out.endsWith(".onnx")) {
    throw new UserError("deploy/out", {
      at: "--out",
      got: out,
      want: "a name that ends in .onnx",
      fix: `Use ${out}.onnx.`,
    });
  }
  const shared = { recalibrationImages, precision };
  const fixed = { ...shared, ...(staticBatch !== undefined && { staticBatch }) };
  const child = await compiler(run, fixed).compile(architecture);
  options.onCompiled?.(child);
  // What is judged has a free batch; a fixed one is the same network, compiled for its file alone.
  const judged = staticBatch === undefined ? child : await compiler(run, shared).compile(architecture);
  const images = await testImages(run, architecture.resolution);
  const compared = await testImages(run, architecture.resolution, COMPARED);
  const { maxDifference, maxLogit, sameTopOne } = await compareToSupernet(run, judged, compared);
  const tolerance = toleranceOf(precision, maxLogit);
  if (!(maxDifference <= tolerance)) {
    throw new Error(
      `internal: child ${child.id} differs from its supernet by ${maxDifference}, more than ${tolerance}`,
    );
  }
  const accuracy = await measureAccuracy(judged.bytes, images);
  const { channels } = run.data.train;
  const dims = [staticBatch ?? 1, channels, architecture.resolution, architecture.resolution];
  const timed = { name: child.id, bytes: child.bytes, dims };
  const { bench, latency } = await (options.bench
    ? timeOn(options.bench, timed)
    : withLatencyBench(options.target, seconds === undefined ? {} : { seconds }, (opened) => timeOn(opened, timed)));
  const batch = staticBatch ?? "batch_size";
  const known: Omit<Certificate, "seal"> = {
    format: 2,
    nestling: version,
    file: basename(out),
    sha256: child.sha256,
    fileBytes: child.bytes.length,
    id: child.id,
    architecture,
    precision,
    provenance: child.provenance,
    provenanceHash: hashProvenance(child.provenance),
    macs: child.macs,
    parameters: child.parameters,
    peakBytes: child.peakBytes,
    accuracy: accuracy.accuracy,
    accuracyInterval: [...accuracy.accuracyInterval],
    correct: accuracy.correct,
    testImages: accuracy.count,
    latencyMs: latency.undisturbedMs,
    latency: sessionOf(latency),
    target: bench.target,
    environment: { ...bench.environment },
    maxDifference,
    tolerance,
    sameTopOne,
    comparedImages: compared.count,
    labels: [...run.data.classes],
    preprocessing: preprocessingOf(run, architecture),
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

/** A latency's session, without what the certificate says elsewhere. */
function sessionOf({ name: _, undisturbedMs: __, intervalMs, ...session }: Latency): Certificate["latency"] {
  return { intervalMs: [...intervalMs], ...session };
}

async function timeOn(bench: LatencyBench, timed: Timed): Promise<{ bench: LatencyBench; latency: Latency }> {
  const [latency] = await bench.measure([timed]);
  return { bench, latency: latency! };
}
