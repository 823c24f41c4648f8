/** What file and certificate alone can tell: that neither was changed, that they belong together, and that the file loads. */
import { sha256Of } from "../base/hash.js";
import { canonicalJson, canonicalSeal, isSealed } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { describeModel } from "../onnx/decode.js";
import { defaultOpset } from "../compile/opsets.js";
import { isInt8 } from "../compile/precisions.js";
import { hashProvenance } from "../compile/provenance.js";
import { wilson } from "../evaluate/accuracy.js";
import { intervalOf } from "../evaluate/rounds.js";
import { withSession } from "../runtime/session.js";
import type { Certificate } from "./certificate.js";
import { isWholeProbe } from "./child-probe.js";
import type { Ledger } from "./ledger.js";

export async function verifyFile(bytes: Uint8Array, certificate: Certificate, found: Ledger): Promise<void> {
  const sha256 = sha256Of(bytes);
  const whole = sha256 === certificate.sha256;
  found.check("sha256", whole, whole ? sha256 : `${sha256}, not ${certificate.sha256}`);
  const untouched = isSealed(certificate, canonicalSeal);
  const edited = "the certificate was edited: its seal is of other numbers";
  found.check("seal", untouched, untouched ? "the certificate is as it was written" : edited);
  verifyArithmetic(bytes, certificate, found);
  verifyMetadata(bytes, certificate, found);
  await verifyLoads(bytes, found);
}

/** Two machines may round a square root differently; both bounds are shares. */
const ROUNDING = 1e-9;

/** Numbers that follow from others in the certificate. */
function verifyArithmetic(bytes: Uint8Array, certificate: Certificate, found: Ledger): void {
  const { correct, testImages, fileBytes, accuracy, accuracyInterval } = certificate;
  const { maxDifference, tolerance, sameTopOne, comparedImages } = certificate;
  const { id, precision, provenance, inputs, quantization } = certificate;
  const [batch] = inputs.pixel_values;
  const stated = [id, precision, typeof batch === "number" ? batch : "free"];
  const claims: Record<string, boolean> = {
    fileBytes: fileBytes === bytes.length,
    accuracy: accuracy === correct / testImages,
    accuracyInterval: wilson(correct, testImages).every(
      (bound, i) => Math.abs(bound - accuracyInterval[i]!) < ROUNDING,
    ),
    latencyMs: [certificate, ...(certificate.otherTargets ?? [])].every(
      ({ latencyMs, latency }) =>
        canonicalJson(latency.intervalMs) === canonicalJson(intervalOf(latencyMs, latency.repeatability)),
    ),
    maxDifference: maxDifference <= tolerance,
    sameTopOne: sameTopOne >= 0 && sameTopOne <= 1,
    comparedImages: comparedImages > 0 && comparedImages <= testImages,
    quantization: isInt8(precision) === (quantization !== undefined),
    // Older certificates have none.
    layout: !quantization?.layout || `int8-${quantization.layout.name}` === precision,
    provenance:
      canonicalJson([provenance.architecture, provenance.precision, provenance.batch]) === canonicalJson(stated),
    probe: certificate.probe === undefined || isWholeProbe(certificate.probe, certificate),
    provenanceHash: certificate.provenanceHash === hashProvenance(provenance),
  };
  const wrong = Object.keys(claims).filter((name) => !claims[name]);
  found.check(
    "arithmetic",
    wrong.length === 0,
    wrong.length === 0 ? "its numbers agree" : `wrong: ${wrong.join(", ")}`,
  );
}

/** What the compiler wrote into the file against what the certificate says. */
function verifyMetadata(bytes: Uint8Array, certificate: Certificate, found: Ledger): void {
  const { metadata, opset } = describeModel(bytes) ?? { metadata: new Map<string, string>(), opset: undefined };
  const { provenance, provenanceHash, precision, id, architecture, labels, preprocessing } = certificate;
  const wanted: Record<string, unknown> = { provenance, architecture, labels, preprocessing };
  const words: Record<string, string> = { provenance_sha256: provenanceHash, precision, architecture_id: id };
  const wrong = [
    ...(opset === (provenance.opset ?? defaultOpset) ? [] : ["opset"]),
    ...Object.keys(words).filter((key) => metadata.get(`nestling.${key}`) !== words[key]),
    ...Object.keys(wanted).filter((key) => parsedJson(metadata.get(`nestling.${key}`)) !== canonicalJson(wanted[key])),
  ];
  const named = metadata.has("nestling.provenance_sha256");
  const right = `the file names this certificate, by its provenance ${provenanceHash}`;
  const detail = named ? `the file says otherwise: ${wrong.join(", ")}` : "the file names no certificate";
  found.check("provenance", wrong.length === 0, wrong.length === 0 ? right : detail);
}

const parsedJson = (text: string | undefined): string | undefined => {
  try {
    return canonicalJson(JSON.parse(text ?? ""));
  } catch {
    return undefined;
  }
};

async function verifyLoads(bytes: Uint8Array, found: Ledger): Promise<void> {
  try {
    await withSession(bytes, {}, (session) => {
      const names = `${session.inputNames.join(", ")} → ${session.outputNames.join(", ")}`;
      found.check("loads", names === "pixel_values → logits", names);
      return Promise.resolve();
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    found.check("loads", false, error.message);
  }
}
