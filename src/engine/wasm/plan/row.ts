/** What planning an operator means: the calls it appends forward, and those it appends backward. */
import type { StepName, StepOf } from "../fuse.js";
import type { Buffer } from "../memory-plan.js";
import type { Context } from "./context.js";
import type { Gradients } from "./gradients.js";

/** What backward needs of a batch norm's forward: vectors of its channels. */
export interface Statistics {
  readonly mean: Buffer;
  readonly variance: Buffer;
  readonly scale: Buffer;
  readonly shift: Buffer;
}
/** By the batch norm's name. */
export type Saved = Map<string, Statistics>;

export interface Row<Planned> {
  readonly forward: (context: Context, step: Planned, saved: Saved) => void;
  readonly backward: (context: Context, step: Planned, gradients: Gradients, saved: Saved) => void;
}

/** The row of an operator, by its name. */
export type RowOf<Op extends StepName> = Row<StepOf<Op>>;
