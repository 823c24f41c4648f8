/** The probe of a file that may have a certificate beside it, or why there is none. */
import { readDocument } from "../base/document.js";
import { sha256Of } from "../base/hash.js";
import { canonicalSeal } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import type { Probe } from "../evaluate/probe.js";
import { certificateFile, certificatePath } from "./certificate.js";
import { certifiedProbe, isWholeProbe } from "./child-probe.js";

/** @param path of the .onnx file */
export async function probeBeside(path: string, bytes: Uint8Array): Promise<Probe | { readonly missing: string }> {
  if (!path.endsWith(".onnx")) return { missing: "no certificate lies beside it" };
  const certificate = await readDocument(certificatePath(path), { ...certificateFile, seal: canonicalSeal }).catch(
    (error: unknown) => {
      // Any file may be timed, and what lies beside it may be something else.
      if (error instanceof UserError) return undefined;
      throw error;
    },
  );
  if (!certificate) return { missing: "no certificate that can be read lies beside it" };
  if (sha256Of(bytes) !== certificate.sha256) return { missing: "the certificate beside it is of another file" };
  const probe = certifiedProbe(certificate);
  if (!probe) return { missing: "its certificate has no probe" };
  return isWholeProbe(certificate.probe!, certificate) ? probe : { missing: "its certificate's probe is not whole" };
}
