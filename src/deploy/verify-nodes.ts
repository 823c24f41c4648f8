/** The proof that an int8 file is one, counted again: which nodes onnxruntime computes in whole numbers here. */
import { canonicalJson } from "../base/seal.js";
import { isInt8 } from "../compile/precisions.js";
import type { Certificate } from "./certificate.js";
import type { Ledger } from "./ledger.js";
import { countOf, quantizedNodesOf } from "./quantized-nodes.js";
import { isSameMachine, staticBatchOf } from "./verify-run.js";

/** Nothing, where the file is of another precision. */
export async function verifyNodes(bytes: Uint8Array, certificate: Certificate, found: Ledger): Promise<void> {
  const { quantization, precision, architecture, preprocessing, keptInFloat32 = [] } = certificate;
  if (!quantization || !isInt8(precision)) return;
  const { ranges: _, loss: __, layout: ___, ...certified } = quantization;
  const { resolution } = architecture;
  const dims = [staticBatchOf(certificate) ?? 1, preprocessing.channels, resolution, resolution];
  const nodes = await quantizedNodesOf(bytes, precision, { dims, kept: keptInFloat32.length });
  const counts = `${countOf(nodes.quantized)} nodes in whole numbers, ${countOf(nodes.float)} in float32`;
  const same = canonicalJson(nodes) === canonicalJson(certified);
  const before = `${countOf(certified.quantized)} and ${countOf(certified.float)} certified`;
  const detail = same ? counts : `${counts}; ${before}`;
  // Another processor or onnxruntime fuses otherwise.
  if (same || isSameMachine(certificate)) found.check("int8", same, detail);
  else found.note("int8", `${detail} on another machine`);
}
