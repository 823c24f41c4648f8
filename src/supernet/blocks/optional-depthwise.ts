/**
 * A depthwise convolution that an architecture may leave out, together with its batch norm and activation:
 *
 *   y = bypass(x) + activation(norm(depthwise(x)))     the gate decides which of the two terms is zero
 *
 * Masks act on parameters only: the gate on the batch norm's gamma and beta, its complement on the bypass, a 1×1
 * depthwise of ones. The bypass costs one multiplication per activation in masked execution and nothing in a slice,
 * which keeps one term.
 */
import type { Value } from "../../graph/values.js";
import type { Values } from "../elastic.js";
import type { BlockContext } from "./block.js";

export interface OptionalDepthwise {
  /** Odd sizes; 0 leaves it out. */
  readonly kernel: Values;
  readonly stride: number;
  /** Whether the stage's activation follows its batch norm. */
  readonly activates: boolean;
}

export function appendOptionalDepthwise(
  { builder, elastic, stage }: BlockContext,
  path: string,
  x: Value,
  { kernel, stride, activates }: OptionalDepthwise,
): Value {
  const sizes = kernel.values.filter((size) => size > 0);
  if (sizes.length === 0) return x;
  const optional = sizes.length < kernel.values.length;
  const gate = optional ? elastic.gate(path, (architecture) => kernel.read(architecture) > 0) : undefined;
  // If it is left out, its kernel size does not matter.
  const size = elastic.kernel(path, sizes, (architecture) => kernel.read(architecture) || sizes[0]!);
  let y = builder.depthwise(path, x, { kernel: size, stride });
  y = builder.batchNorm(`${path}.norm`, y, { ...(gate && { gate }) });
  if (activates) y = builder.activation(`${path}.activation`, y, stage.activation);
  return gate ? builder.add(`${path}.either`, builder.bypass(`${path}.bypass`, x, gate), y) : y;
}
