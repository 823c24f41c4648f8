/** Reruns a certificate: is the file the one it speaks of, and does it still do what it says? */
import { UserError } from "../base/user-error.js";
import { parseJsonFile, problemsOf, readUserBytes, readUserFile } from "../base/user-file.js";
import { hashOf } from "../checkpoint/checkpoint.js";
import { compiler } from "../compile/compile-child.js";
import { onnx } from "../compile/onnx.js";
import { openRun } from "../compile/run.js";
import { measureAccuracy } from "../evaluate/accuracy.js";
import { makeBatch } from "../data/make-batch.js";
import { loadDataset } from "../data/load.js";
import { withSession } from "../runtime/session.js";
import { certificatePath, certificateSchema, toleranceFor, type Certificate } from "./certificate.js";
import { compareToSupernet, testImages } from "./contract.js";

export interface Check {
  readonly name: string;
  readonly verdict: "passed" | "failed" | "skipped";
  /** What was found, or what is missing to check it. */
  readonly detail: string;
}

export interface Verification {
  readonly file: string;
  readonly passed: boolean;
  readonly checks: readonly Check[];
}

export interface VerifyOptions {
  /** The run that the child is from: recompiles it and compares it to the supernet. */
  readonly run?: string;
  /** The data set: measures accuracy again. With `run`, by default the run's own. */
  readonly data?: string;
}

/** @throws UserError `deploy/missing`, `deploy/certificate` when there is nothing to check or it can't be read */
export async function verifyChild(path: string, options: VerifyOptions = {}): Promise<Verification> {
  const bytes = await readModel(path);
  const certificate = await readCertificate(path);
  const checks: Check[] = [];
  const check = (name: string, right: boolean, detail: string): void => {
    checks.push({ name, verdict: right ? "passed" : "failed", detail });
  };
  const skip = (name: string, detail: string): void => {
    checks.push({ name, verdict: "skipped", detail });
  };

  const sha256 = hashOf(bytes);
  check(
    "sha256",
    sha256 === certificate.sha256,
    sha256 === certificate.sha256 ? sha256 : `${sha256}, not ${certificate.sha256}`,
  );
  const metadata = metadataOf(bytes);
  const stamped = metadata.get("nestling.certificate");
  check(
    "provenance",
    stamped === certificate.provenanceHash,
    stamped ? `the file names ${stamped}` : "the file names no certificate",
  );
  try {
    await withSession(bytes, {}, (session) => {
      const names = `${session.inputNames.join(", ")} → ${session.outputNames.join(", ")}`;
      check("loads", names === "pixel_values → logits", names);
      return Promise.resolve();
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    check("loads", false, error.message);
    return { file: path, passed: false, checks };
  }

  const { architecture } = certificate;
  const batch = certificate.inputs.pixel_values[0];
  const fixed = typeof batch === "number" ? `the file has a fixed batch of ${batch}` : undefined;
  if (options.run !== undefined) {
    const run = await openRun(options.run, options.data);
    const { recalibrationImages } = certificate.provenance;
    const child = await compiler(run, { recalibrationImages }).compile(architecture);
    if (fixed) {
      skip("recompiled", fixed);
    } else {
      const same = child.sha256 === certificate.sha256;
      check(
        "recompiled",
        same,
        same ? "the same bytes" : "other bytes; another machine's onnxruntime rounds statistics otherwise",
      );
    }
    const compared = testImages(run, architecture.resolution, certificate.comparedImages);
    const judged = fixed ? child.bytes : bytes;
    const { maxDifference, maxLogit } = await compareToSupernet(
      run,
      { architecture, bytes: judged, statistics: child.statistics },
      compared,
    );
    const tolerance = toleranceFor(maxLogit);
    check(
      "supernet",
      maxDifference <= tolerance,
      `largest difference ${maxDifference.toExponential(2)} of ${tolerance.toExponential(2)}`,
    );
    if (!fixed)
      checkAccuracy(certificate, await measureAccuracy(bytes, testImages(run, architecture.resolution)), check);
  } else {
    skip("supernet", "give --run RUN to compare with the supernet");
    if (options.data === undefined || fixed) {
      skip("accuracy", fixed ?? "give --data D or --run RUN to measure it again");
    } else {
      checkAccuracy(certificate, await measureAccuracy(bytes, await imagesOf(certificate, options.data)), check);
    }
  }
  return { file: path, passed: checks.every(({ verdict }) => verdict !== "failed"), checks };
}

/** One image may fall to the other side of a tie on another machine. */
function checkAccuracy(
  certificate: Certificate,
  { correct, count }: { correct: number; count: number },
  check: (name: string, right: boolean, detail: string) => void,
): void {
  const near = count === certificate.testImages && Math.abs(correct - certificate.correct) <= Math.ceil(count / 1000);
  check(
    "accuracy",
    near,
    `${correct} of ${count} right, certified ${certificate.correct} of ${certificate.testImages}`,
  );
}

async function imagesOf({ architecture, preprocessing, labels }: Certificate, source: string) {
  const {
    image_mean: mean,
    image_std: std,
    channels,
  } = preprocessing as {
    image_mean: number[];
    image_std: number[];
    channels: 1 | 3;
  };
  const data = await loadDataset(source, { size: architecture.resolution, channels });
  if (data.classes.length !== labels.length) {
    const fix = "Give the data set that the child was trained for.";
    throw new UserError("deploy/data", {
      at: "--data",
      got: `${data.classes.length} classes`,
      want: `${labels.length}`,
      fix,
    });
  }
  const { count, labels: truth } = data.test;
  const indices = Uint32Array.from({ length: count }, (_, i) => i);
  const images = makeBatch(data.test, indices, architecture.resolution, { mean, std });
  return { images, labels: truth, count, resolution: architecture.resolution, channels };
}

const readModel = (path: string): Promise<Uint8Array> =>
  readUserBytes(path, {
    code: "deploy/missing",
    want: "an .onnx file",
    fix: "Export one with `nestling export`.",
  });

async function readCertificate(path: string): Promise<Certificate> {
  const at = certificatePath(path);
  const fix = "Export the child again: a certificate is written beside every file.";
  const data = parseJsonFile(
    await readUserFile(at, { code: "deploy/certificate", want: "the certificate beside the file", fix }),
    at,
    "deploy/certificate",
  );
  const parsed = certificateSchema.safeParse(data);
  if (!parsed.success) throw new UserError("deploy/certificate", problemsOf(parsed.error, data, at, fix));
  return parsed.data;
}

/** metadata_props of a model; none of what can't be decoded. */
export function metadataOf(bytes: Uint8Array): ReadonlyMap<string, string> {
  try {
    const { metadataProps } = onnx.ModelProto.decode(bytes);
    return new Map(metadataProps.map(({ key, value }) => [key ?? "", value ?? ""]));
  } catch {
    return new Map();
  }
}
