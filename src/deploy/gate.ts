/** A gate for continuous integration: is a file slower than a certificate says, by more than the two sessions differ by? */
import { readDocument } from "../base/document.js";
import { UserError } from "../base/user-error.js";
import { benchFiles, refuseInputs, type BenchOptions, type BenchResult } from "./bench-files.js";
import { certificateFile } from "./certificate.js";
import { certifiedOn, compareLatency, whyOtherDevice, type LatencyComparison } from "./compare-latency.js";

/** What the gate found. */
export interface GateResult extends BenchResult {
  readonly comparison: LatencyComparison;
  /** Whether the file is slower by more than is allowed, beyond what two sessions differ by in 95 % of cases. */
  readonly failed: boolean;
}

/**
 * Times a file and compares it with a certificate, of the same file or another.
 * @param failAbove the share by which it may be slower: 0.05 is 5 %
 * @throws UserError `deploy/device` where the certificate's latency is of another device; `deploy/certificate`, and as `benchFiles`
 */
export async function gateLatency(
  path: string,
  certificatePath: string,
  failAbove: number,
  options: BenchOptions = {},
): Promise<GateResult> {
  if (options.samples !== undefined) refuseInputs(options.samples, [certificatePath]);
  const certificate = await readDocument(certificatePath, certificateFile);
  const found = await benchFiles([path], options);
  const why = whyOtherDevice(found, certificate);
  if (why !== undefined) {
    const fix = "Export the certificate's child on the device that the gate runs on.";
    const want = `a latency of ${found.target} as it is now`;
    throw new UserError("deploy/device", { at: certificatePath, got: `of another device: ${why}`, want, fix });
  }
  const comparison = compareLatency(found.results[0]!, certifiedOn(found.target, certificate)!);
  return { ...found, comparison, failed: comparison.ratio > (1 + failAbove) * (1 + comparison.expected) };
}
