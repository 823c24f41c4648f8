/** What planning an operator can use. */
import type { Parameter, Value } from "../../../graph/graph.js";
import type { Arena } from "../arena.js";
import type { Buffer, MemoryPlan } from "../memory-plan.js";
import type { Call } from "./call.js";

export interface Context {
  readonly plan: MemoryPlan;
  readonly call: Call;
  readonly batch: number;
  readonly arena: Arena;
  readonly dropout: Buffer;
  channels(value: Value): number;
  /** Height = width; 1 for a vector. */
  extent(value: Value): number;
  /** Floats of a value. */
  count(value: Value): number;
  /** Rows of channels: batch × pixels. */
  rows(value: Value): number;
  /** Where a value, a parameter or its gradient lies. */
  value(value: Value): Buffer;
  parameter(parameter: Parameter): Buffer;
  gradientOf(parameter: Parameter): Buffer;
}
