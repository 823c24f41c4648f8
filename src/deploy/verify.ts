/** Reruns a certificate: is the file the one it speaks of, and does it still do what it says? */
import { readDocument } from "../base/document.js";
import { UserError } from "../base/user-error.js";
import { openRun } from "../run/run.js";
import type { Dataset } from "../data/images.js";
import { loadDataset } from "../data/load.js";
import type { LabelledBlock } from "../data/image-block.js";
import { otherClasses } from "../data/other-classes.js";
import { evaluationOf } from "../data/preprocessing.js";
import { measureAccuracy } from "../evaluate/accuracy.js";
import type { Differences } from "../evaluate/probe.js";
import type { Target } from "../target/target.js";
import { readChildFile } from "./child-file.js";
import { certificateFile, certificatePath, type Certificate } from "./certificate.js";
import { fingerprintOf, testImages } from "./contract.js";
import { ledger, type Check, type Ledger } from "./ledger.js";
import { verifyLatency, type Repeat } from "./verify-latency.js";
import { verifyFile } from "./verify-file.js";
import { verifyNumerics, verifyProbe, verifyProbeImages } from "./verify-probe.js";
import { verifyNodes } from "./verify-nodes.js";
import { noteMissing, staticBatchOf, verifyAccuracy, verifyRun } from "./verify-run.js";

/** What `verifyChild` found, check by check. */
export interface Verification {
  readonly file: string;
  /** Whether no check failed. */
  readonly passed: boolean;
  readonly checks: readonly Check[];
}

/** What there is to check a child against, beside its certificate. */
export interface VerifyOptions {
  /** The run that the child is from: recompiles it and compares it to the supernet. */
  readonly run?: string;
  /** The data set: measures accuracy again. With `run`, by default the run's own. */
  readonly data?: string;
  /** Where latency is measured again: on this machine by default. */
  readonly target?: Target;
  /** Where it is measured again, too. */
  readonly otherTargets?: readonly Target[];
  /** Length of the latency session in seconds; 25 by default. */
  readonly seconds?: number;
  /** Latency must repeat within 5 % in one of several tries; without it, latency is a note. */
  readonly repeat?: Repeat;
  /** Where the target computes the probe otherwise: a failed check by default, or a note. */
  readonly differences?: Differences;
  /** Called with what happens between tries. */
  readonly onNote?: (line: string) => void;
  /** Ends the call with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Reruns a child's certificate.
 * @param path the .onnx file; its certificate is the .json beside it
 * @throws UserError `deploy/missing`, `deploy/certificate` when there is nothing to check or it can't be read; `checkpoint/…`,
 * `compile/data`, `deploy/data` where the images or their classes are others than the certified ones, `deploy/run` where the child is of another run, `data/…`, `space/…`, `runtime/model`, `target/…`, `file/write` for the run and the data given
 */
export async function verifyChild(path: string, options: VerifyOptions = {}): Promise<Verification> {
  const bytes = await readChildFile(path);
  const certificate = await readDocument(certificatePath(path), certificateFile);
  const { signal } = options;
  const found = ledger();
  signal?.throwIfAborted();
  await verifyFile(bytes, certificate, found);
  if (!found.passed) {
    for (const name of ["supernet", "accuracy", "probe", "numerics", "latency"])
      found.skip(name, "file and certificate don't agree");
  } else {
    if (options.run !== undefined) {
      await verifyRun(bytes, certificate, await openRun(options.run, options.data), found);
    } else {
      found.skip("supernet", "give --run RUN to compare with the supernet");
      await verifyData(bytes, certificate, options.data, found);
    }
    signal?.throwIfAborted();
    await verifyNodes(bytes, certificate, found);
    await verifyProbe(bytes, certificate, found);
    for (const target of [options.target, ...(options.otherTargets ?? [])]) {
      signal?.throwIfAborted();
      if (await verifyNumerics(bytes, certificate, { ...options, target }, found)) {
        await verifyLatency(bytes, certificate, { ...options, target }, found);
      } else {
        found.skip("latency", "the target computes something else");
      }
    }
  }
  return { file: path, passed: found.passed, checks: found.checks };
}

async function verifyData(
  bytes: Uint8Array,
  certificate: Certificate,
  source: string | undefined,
  found: Ledger,
): Promise<void> {
  const batch = staticBatchOf(certificate);
  if (batch !== undefined) found.skip("accuracy", `the file has a fixed batch of ${batch}`);
  else if (source === undefined) found.skip("accuracy", "give --data D or --run RUN to measure it again");
  else {
    const { images, data } = await imagesOf(certificate, source);
    await verifyProbeImages(certificate, { data }, found);
    verifyAccuracy(certificate, await measureAccuracy(bytes, images), found);
    noteMissing(certificate, images, found);
  }
}

/**
 * The test images, prepared as the certificate says.
 * @throws UserError `deploy/data` where the data set is another one: that is no fault of the file
 */
async function imagesOf(
  certificate: Certificate,
  source: string,
): Promise<{ readonly images: LabelledBlock; readonly data: Dataset }> {
  const { preprocessing, labels, testFingerprint } = certificate;
  const { channels, image_mean: mean, image_std: std, crop_size } = preprocessing;
  const evaluation = evaluationOf(preprocessing);
  const resolution = crop_size.height;
  // Without the run only the fingerprint says which pictures it did without.
  const loaded = await loadDataset(source, { size: resolution, channels, classes: labels, broken: "skip" });
  const data = { ...loaded, mean, std, evaluation };
  const fix = "Give the data set that the child was certified on.";
  const refuse = (got: string, want: string): UserError =>
    new UserError("deploy/data", { at: "the data set", got, want, fix });
  const other = otherClasses(data.classes, labels);
  if (other) throw refuse(other.got, other.want);
  if (data.train.channels !== channels) throw refuse(`of ${data.train.channels} channels`, `${channels}`);
  const images = testImages({ data }, resolution);
  if ((await fingerprintOf(images)) !== testFingerprint) {
    const unread = data.broken.length > 0 ? `, without ${data.broken.length} pictures that can't be read` : "";
    throw refuse(`of ${images.count} other test images${unread}`, `the ${certificate.testImages} that were certified`);
  }
  return { images, data };
}
