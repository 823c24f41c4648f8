/** How to plan an operator: the calls it appends to the forward pass and to the backward pass. */
import type { StepName, StepOf } from "../fuse.js";
import type { Buffer } from "../memory-plan.js";
import type { Context } from "./context.js";
import type { Gradients } from "./gradients.js";

/** What a batch norm's backward pass needs from its forward pass: vectors of [channels]. */
export interface Statistics {
  readonly mean: Buffer;
  readonly variance: Buffer;
  readonly scale: Buffer;
  readonly shift: Buffer;
}
/** Statistics by the batch norm's name. */
export type Saved = Map<string, Statistics>;

export interface Row<Planned> {
  readonly forward: (context: Context, step: Planned, saved: Saved) => void;
  readonly backward: (context: Context, step: Planned, gradients: Gradients, saved: Saved) => void;
}

/** The row of an operator, by its name. */
export type RowOf<Op extends StepName> = Row<StepOf<Op>>;
