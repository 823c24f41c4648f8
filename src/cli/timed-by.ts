/** Whose latency a certificate's is: a file is laid out for a runtime and processor, and timed by what the target has. */
import { defaultLayout } from "../compile/layouts.js";
import { int8LayoutOf } from "../compile/precisions.js";
import type { Certificate } from "../deploy/certificate.js";
import { int8ForTarget } from "../deploy/choose-layout.js";
import type { Environment } from "../target/environment.js";

/** @param where the target's own */
export function timedBy(
  { target, quantization }: Pick<Certificate, "target" | "quantization">,
  where: Environment,
): readonly string[] {
  const { onnxruntime, executionProvider, threads, cpu } = where;
  const runtime = onnxruntime === "unknown" ? executionProvider : `onnxruntime ${onnxruntime} (${executionProvider})`;
  const counted = threads > 0 ? [`${threads} thread${threads > 1 ? "s" : ""}`] : [];
  const line = [`by ${runtime}`, ...counted, "batch 1", `on ${target}`, cpu].join(", ");
  const layout = quantization?.layout?.name;
  if (layout === undefined) return [line];
  const { precision, why } = int8ForTarget(target, where);
  const own = int8LayoutOf(precision).name;
  // The default is right on every x64 processor.
  if (layout === own || (layout === defaultLayout && own === "x64-vnni")) return [line];
  return [line, `NOT TIMED WHERE IT RUNS: the file is laid out for ${layout}, and ${why}. --target names its device`];
}
