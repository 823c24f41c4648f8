/** What the run can tell: the child compiled again, its costs counted again, compared with the supernet and judged on the test images. */
import { UserError } from "../base/user-error.js";
import { canonicalJson } from "../base/seal.js";
import { compiler, type CompiledChild } from "../compile/compile-child.js";
import { keptInFloat32 } from "../compile/kept-in-float32.js";
import { defaultOpset } from "../compile/opsets.js";
import { hashProvenance, provenanceOf } from "../compile/provenance.js";
import { missing } from "../data/about.js";
import type { LabelledBlock } from "../data/image-block.js";
import type { Run } from "../run/run.js";
import { measureAccuracy, type Accuracy } from "../evaluate/accuracy.js";
import { checkArchitecture, idOf } from "../space/space.js";
import { environmentHere } from "../target/environment.js";
import type { Certificate } from "./certificate.js";
import { compareToSupernet, isHeld, testImages } from "./contract.js";
import type { Ledger } from "./ledger.js";
import { verifyProbeImages } from "./verify-probe.js";

/**
 * @param certificate that agrees with the file
 * @throws UserError `deploy/run` where the run is another one: that is no fault of the file
 */
export async function verifyRun(bytes: Uint8Array, certificate: Certificate, run: Run, found: Ledger): Promise<void> {
  const { architecture, precision, provenance } = certificate;
  const { recalibrationImages, opset = defaultOpset, maxLoss } = provenance;
  const here = provenanceOf(run, provenance);
  if (hashProvenance(here) !== certificate.provenanceHash) {
    const keys = Object.keys({ ...here, ...provenance }) as (keyof typeof here)[];
    const other = keys.filter((key) => canonicalJson([here[key]]) !== canonicalJson([provenance[key]]));
    const listed = (of: typeof here): string => other.map((key) => `${key} ${of[key]}`).join(", ");
    throw new UserError("deploy/run", {
      at: run.folder,
      got: `a run of ${listed(here)}`,
      want: `the run that the child is of: ${listed(provenance)}`,
      fix: "Give that run, as it was when the child was exported.",
    });
  }
  found.check("run", true, "the child is of this run");
  checkArchitecture(run.supernet.space, architecture, "certificate");

  const staticBatch = staticBatchOf(certificate);
  const again = await compiler(run, {
    ...{ recalibrationImages, precision, opset },
    ...(maxLoss !== undefined && { maxLoss }),
    ...(staticBatch !== undefined && { staticBatch }),
  }).compile(architecture);
  const { macs, parameters, peakBytes } = again;
  const counted = { id: idOf(run.supernet.space, architecture), macs, parameters, peakBytes };
  const wrong = (Object.keys(counted) as (keyof typeof counted)[])
    .filter((key) => counted[key] !== certificate[key])
    .map((key) => `${key} ${counted[key]}, certified ${certificate[key]}`);
  const costs = `${macs} MACs, ${parameters} parameters, ${peakBytes} bytes at most`;
  found.check("costs", wrong.length === 0, wrong.length === 0 ? costs : wrong.join("; "));

  await verifyProbeImages(certificate, run, found);
  const same = again.sha256 === certificate.sha256;
  const detail = same ? "the same bytes" : "other bytes";
  // Another processor or onnxruntime rounds the recalibrated statistics otherwise; the numbers below then decide.
  if (same || isSameMachine(certificate)) found.check("recompiled", same, detail);
  else found.note("recompiled", `${detail}: certified on another machine`);
  if (same) verifySteps(certificate, again, found);
  if (!same && staticBatch !== undefined) {
    for (const name of ["supernet", "accuracy"]) found.skip(name, `the file has a fixed batch of ${staticBatch}`);
    return;
  }

  // A fixed batch is the same network, judged with a free one.
  const judged = staticBatch === undefined ? bytes : again.freeBatch();
  // All test images, where the certificate was written after a sample of them.
  const images = testImages(run, architecture.resolution);
  const held = await compareToSupernet(run, { ...again, bytes: judged }, images);
  const difference = `largest difference ${held.maxDifference.toExponential(2)} of ${held.tolerance.toExponential(2)}`;
  const tops = `the same top-1 on ${images.count - held.otherTops} of ${images.count} images`;
  found.check("supernet", isHeld(held), `${difference}, ${tops}`);
  verifyAccuracy(certificate, await measureAccuracy(judged, images), found);
  noteMissing(certificate, images, found);
}

/** What the compiler tells of its steps, where it made the same file. */
function verifySteps(certificate: Certificate, again: CompiledChild, found: Ledger): void {
  const { keptInFloat32: kept = [], quantization } = certificate;
  const certified = { keptInFloat32: kept, ranges: quantization?.ranges ?? [], loss: quantization?.loss };
  const measured = {
    keptInFloat32: keptInFloat32(again.report),
    ranges: again.report.flatMap(({ tried = [] }) => tried),
    loss: again.loss,
  };
  const wrong = (Object.keys(measured) as (keyof typeof measured)[]).filter(
    (key) => canonicalJson([measured[key]]) !== canonicalJson([certified[key]]),
  );
  const detail = wrong.length === 0 ? "as certified" : `wrong: ${wrong.join(", ")}`;
  // What was measured on images may differ in its last digits where it was certified elsewhere.
  if (wrong.length === 0 || isSameMachine(certificate)) found.check("steps", wrong.length === 0, detail);
  else found.note("steps", `${detail}: certified on another machine`);
}

/** One image in a thousand may fall to the other side of a tie on another machine. */
export function verifyAccuracy(certificate: Certificate, { correct, count }: Accuracy, found: Ledger): void {
  const near = count === certificate.testImages && Math.abs(correct - certificate.correct) <= Math.ceil(count / 1000);
  const detail = `${correct} of ${count} right, certified ${certificate.correct} of ${certificate.testImages}`;
  found.check("accuracy", near, detail);
}

/** Classes that the accuracy says nothing of. */
export function noteMissing({ labels }: Certificate, images: LabelledBlock, found: Ledger): void {
  for (const line of missing(labels, images.labels, "test")) found.note("classes", line);
}

export function staticBatchOf({ inputs }: Certificate): number | undefined {
  const batch = inputs.pixel_values[0];
  return typeof batch === "number" ? batch : undefined;
}

/** Whether this machine rounds as the certificate's did. */
export function isSameMachine(certificate: Certificate): boolean {
  const here = environmentHere();
  return (["cpu", "cores", "cpuFlags", "onnxruntime"] as const).every(
    (key) => JSON.stringify(here[key]) === JSON.stringify(certificate.environment[key]),
  );
}
