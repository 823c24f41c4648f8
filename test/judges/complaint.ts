/** What is wrong with a judge's verdict about a file whose logits are known. */
import { largest, TOLERANCE } from "../compile/contract.js";
import type { Case, Verdict } from "./judges.js";

/** A file and what it must give. */
export interface Held extends Case {
  readonly logits: Float32Array;
  /** What the file itself must say of its output. */
  readonly shape: readonly (string | number)[];
}

/** Nothing, or what is wrong with a verdict. */
export function complaint(
  judge: string,
  verdict: Verdict,
  { logits, shape }: Held,
  tolerance: number = TOLERANCE,
): string[] {
  if ("error" in verdict) return [`${judge}: ${verdict.error}`];
  if (judge === "checker" || judge === "shapes") {
    const same = JSON.stringify(verdict) === JSON.stringify(shape);
    return same ? [] : [`${judge}: output ${JSON.stringify(verdict)}, not ${JSON.stringify(shape)}`];
  }
  if (verdict.length !== logits.length) return [`${judge}: ${verdict.length} logits, not ${logits.length}`];
  const difference = largest(verdict.map((value, i) => Number(value) - logits[i]!)) / (1 + largest(logits));
  // Written so that NaN fails.
  return difference <= tolerance ? [] : [`${judge}: differs by ${difference} × (1 + max |logit|)`];
}

export const judges = ["checker", "shapes", "onnx reference", "onnxruntime in Python", "OpenVINO", "OpenCV"];
