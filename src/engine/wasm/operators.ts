/**
 * How each operator becomes kernel calls, forward and backward, one row each. Batch norm is already fused (fuse.ts).
 */
import { rowOf } from "../../graph/graph.js";
import { outputOf, type Step, type StepName, type StepOf } from "./fuse.js";
import type { Buffer } from "./memory-plan.js";
import { fusedNorm } from "./plan/batch-norm.js";
import type { Context } from "./plan/context.js";
import { convolution } from "./plan/convolution.js";
import { depthwise } from "./plan/depthwise.js";
import { activation, add, dropout, fakeQuantize, flatten, multiply } from "./plan/elementwise.js";
import { gradientsOf, type Gradients } from "./plan/gradients.js";
import { averagePool, globalAveragePool } from "./plan/pool.js";
import type { RowOf, Saved } from "./plan/row.js";

const rows: { readonly [Op in StepName]: RowOf<Op> } = {
  conv: convolution,
  dense: convolution,
  depthwise,
  fusedNorm,
  activation,
  add,
  multiply,
  averagePool,
  globalAveragePool,
  flatten,
  dropout,
  fakeQuantize,
};

const forward = <Op extends StepName>(context: Context, step: StepOf<Op>, saved: Saved): void =>
  rowOf(rows, step).forward(context, step, saved);

const backward = <Op extends StepName>(context: Context, step: StepOf<Op>, gradients: Gradients, saved: Saved): void =>
  rowOf(rows, step).backward(context, step, gradients, saved);

/** Forward: appends the calls of all steps. */
export function planForward(context: Context, steps: readonly Step[]): Saved {
  const saved: Saved = new Map();
  for (const step of steps) forward(context, step, saved);
  return saved;
}

/**
 * Backward: appends the calls of all steps in reverse order.
 * @param unneeded names of values whose gradients nothing needs
 */
export function planBackward(
  context: Context,
  steps: readonly Step[],
  saved: Saved,
  unneeded: ReadonlySet<string>,
  given: Map<string, Buffer>,
): void {
  const gradients = gradientsOf(context, unneeded, given);
  for (const step of steps.toReversed()) {
    if (!unneeded.has(outputOf(step).name)) backward(context, step, gradients, saved);
  }
}
