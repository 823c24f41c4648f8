/** Layers that several kinds of block are made of. */
import type { Value } from "../../graph/values.js";
import type { Width } from "../elastic.js";
import { roundToDivisor } from "../rounding.js";
import type { BlockContext } from "./block.js";

/**
 * The batch norm that ends a block's branch, where the depth's gate acts. On a residual branch gamma starts at 0
 * (BigNAS).
 */
export const endBranch = ({ builder, gate, residual }: BlockContext, path: string, x: Value): Value =>
  builder.batchNorm(path, x, { ...(gate && { gate }), start: residual ? 0 : 1 });

/** The expanded channels, or the input itself if the only ratio is 1. */
export function expandedWidth({ elastic, in: input, divisor, path, choice }: BlockContext): Width {
  const ratio = choice("expand");
  if (ratio.values.length === 1 && ratio.values[0] === 1) return input;
  const expanded = (size: number, by: number): number => roundToDivisor(Math.round(size * by), divisor);
  return elastic.width(
    `${path}.expand`,
    input.values.flatMap((size) => ratio.values.map((by) => expanded(size, by))),
    (architecture) => expanded(input.read(architecture), ratio.read(architecture)),
  );
}

/** 1×1 convolution → batch norm → activation, to the expanded channels. Appends nothing if they are the input's. */
export function appendExpansion({ builder, path, stage, in: input }: BlockContext, x: Value, middle: Width): Value {
  if (middle === input) return x;
  x = builder.conv(`${path}.expand`, x, { out: middle.channels });
  return builder.activation(`${path}.expand.activation`, builder.batchNorm(`${path}.expand.norm`, x), stage.activation);
}

/** depthwise → batch norm → activation → squeeze-and-excite, if the stage has it. */
export function appendDepthwise(context: BlockContext, x: Value, width: Width): Value {
  const { builder, elastic, path, stage, stride, choice } = context;
  const { values, read } = choice("kernel");
  const name = `${path}.depthwise`;
  x = builder.depthwise(name, x, { kernel: elastic.kernel(path, values, read), stride });
  x = builder.activation(`${name}.activation`, builder.batchNorm(`${name}.norm`, x), stage.activation);
  return appendSqueezeExcite(context, x, width);
}

/** pool → 1×1 → activation → 1×1 → gate, times x; returns x if the stage has none. arXiv 1709.01507. */
export function appendSqueezeExcite(context: BlockContext, x: Value, width: Width): Value {
  const { builder, elastic, in: input, stage } = context;
  if (!stage.squeezeExcite) return x;
  const { base, ratio, divisor, activation, gate } = stage.squeezeExcite;
  const path = `${context.path}.se`;
  const from = base === "input" ? input : width;
  const hiddenOf = (size: number): number => roundToDivisor(Math.max(1, Math.floor(size / ratio)), divisor);
  const hidden = elastic.width(path, from.values.map(hiddenOf), (architecture) => hiddenOf(from.read(architecture)));
  let factor = builder.globalAveragePool(`${path}.pool`, x);
  factor = builder.conv(`${path}.reduce`, factor, { out: hidden.channels, bias: true });
  factor = builder.activation(`${path}.reduce.activation`, factor, activation);
  factor = builder.conv(`${path}.expand`, factor, { out: width.channels, bias: true });
  factor = builder.activation(`${path}.gate`, factor, gate);
  return builder.multiply(path, x, factor);
}

/** The branch's last convolution, 1×1 and linear, and its batch norm. */
export function appendProjection(context: BlockContext, x: Value): Value {
  const { builder, path, out } = context;
  x = builder.conv(`${path}.project`, x, { out: out.channels });
  return endBranch(context, `${path}.project.norm`, x);
}
