/** What a child of a lower precision computes in float32 all the same, and why. */
import { halfPrecision } from "./half-precision.js";
import type { StepReport } from "./pass.js";
import { quantizeStep } from "./quantize.js";

const steps: ReadonlySet<string> = new Set([halfPrecision.name, quantizeStep]);

/** The nodes that the step to a lower precision left in float32. */
export const keptInFloat32 = (report: readonly StepReport[]): { node: string; why: string }[] =>
  report
    .filter(({ name }) => steps.has(name))
    .flatMap(({ notes }) => notes)
    .filter(({ verdict }) => verdict === "skipped")
    .map(({ node, detail }) => ({ node, why: detail }));
