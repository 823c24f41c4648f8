/** The buffers of values' gradients while the backward pass is planned. */
import type { Value } from "../../../graph/values.js";
import type { Buffer } from "../memory-plan.js";
import type { Context } from "./context.js";

/**
 * Gradients of values while the backward pass is planned: all readers of a value give to its gradient before its
 * producer takes it.
 */
export interface Gradients {
  /** The finished gradient of a value. */
  take(value: Value<number>): Buffer;
  /** Writes (0) or adds (1) to a value's gradient. */
  give(value: Value<number>, write: (dx: Buffer, accumulate: 0 | 1) => void): void;
  /** Passes on a buffer that nothing else needs, as a value's gradient or a part of it. */
  hand(value: Value<number>, buffer: Buffer): void;
}

/** @param unneeded names of values whose gradients nothing needs */
export function gradientsOf(context: Context, unneeded: ReadonlySet<string>, given: Map<string, Buffer>): Gradients {
  return {
    take(value) {
      const buffer = given.get(value.name);
      if (!buffer) throw new Error(`internal: nothing gives ${value.name} a gradient`);
      return buffer;
    },
    give(value, write) {
      if (unneeded.has(value.name)) return;
      const known = given.get(value.name);
      const buffer = known ?? context.plan.buffer(context.count(value));
      write(buffer, known ? 1 : 0);
      given.set(value.name, buffer);
    },
    hand(value, buffer) {
      if (unneeded.has(value.name)) return;
      const known = given.get(value.name);
      if (!known) {
        given.set(value.name, buffer);
        return;
      }
      context.call("add", { count: context.count(value), a: known, b: buffer, y: known });
    },
  };
}
