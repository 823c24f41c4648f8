/** What the planning of an operator can use. */
import type { Parameter, Value } from "../../../graph/values.js";
import type { Arena } from "../arena.js";
import type { Buffer, MemoryPlan } from "../memory-plan.js";
import type { Call } from "./call.js";

export interface Context {
  readonly plan: MemoryPlan;
  readonly call: Call;
  readonly batch: number;
  readonly arena: Arena;
  readonly dropout: Buffer;
  channels(value: Value<number>): number;
  /** Height = width; 1 for a vector. */
  extent(value: Value<number>): number;
  /** Number of floats in a value. */
  count(value: Value<number>): number;
  /** Number of rows of channels: batch × pixels. */
  rows(value: Value<number>): number;
  /** The buffer of a value, a parameter or its gradient. */
  value(value: Value<number>): Buffer;
  parameter(parameter: Parameter): Buffer;
  gradientOf(parameter: Parameter): Buffer;
}
