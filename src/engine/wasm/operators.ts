/** How each operator becomes kernel calls: one row each, forward and backward; batch norm comes fused (fuse.ts). */
import type { Value } from "../../graph/graph.js";
import type { Step } from "./fuse.js";
import type { Buffer } from "./memory-plan.js";
import { fusedNorm } from "./plan/batch-norm.js";
import type { Context } from "./plan/context.js";
import { convolution } from "./plan/convolution.js";
import { depthwise } from "./plan/depthwise.js";
import { activation, add, dropout, flatten, multiply } from "./plan/elementwise.js";
import { gradientsOf } from "./plan/gradients.js";
import { averagePool, globalAveragePool } from "./plan/pool.js";
import type { Row, RowOf, Saved } from "./plan/row.js";

const rows: { [Op in Step["op"]]: RowOf<Op> } = {
  conv: convolution,
  dense: convolution,
  depthwise,
  fusedNorm,
  moments: {
    forward(_, step) {
      throw new Error(`internal: ${step.name}: moments are for recalibration on onnxruntime`);
    },
    backward: () => undefined,
  },
  activation,
  add,
  multiply,
  averagePool,
  globalAveragePool,
  flatten,
  dropout,
};

const rowOf = (step: Step): Row<Step> => rows[step.op];

/** Forward: appends the calls of all steps. */
export function planForward(context: Context, steps: readonly Step[]): Saved {
  const saved: Saved = new Map();
  for (const step of steps) rowOf(step).forward(context, step, saved);
  return saved;
}

/** Backward: appends the calls of all steps in reverse order. */
export function planBackward(
  context: Context,
  steps: readonly Step[],
  saved: Saved,
  input: Value,
  given: Map<string, Buffer>,
): void {
  // Inference is forward only: a graph with given statistics has no gradients.
  if (steps.some((step) => step.op === "fusedNorm" && !saved.has(step.norm.name))) return;
  const gradients = gradientsOf(context, input, given);
  for (const step of steps.toReversed()) rowOf(step).backward(context, step, gradients, saved);
}
