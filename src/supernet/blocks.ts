/** The blocks of a stage. Each is a function that appends to the graph; it trains, counts, slices and exports from there. */
import type { GraphBuilder } from "../graph/builder.js";
import type { Gate, Kernel, Value } from "../graph/graph.js";
import type { SqueezeExcite, StageData } from "../space/schema.js";
import type { SearchSpace } from "../space/space.js";
import { roundToDivisor } from "./rounding.js";
import type { Elastic, Width } from "./supernet.js";

/** What a block is built from. */
interface Block {
  readonly builder: GraphBuilder;
  readonly elastic: Elastic;
  readonly stage: StageData;
  readonly divisor: number;
  /** Dotted path of its names, `stages.<stage>.<block>`. */
  readonly path: string;
  readonly stride: number;
  readonly kernel: Kernel;
  readonly in: Width;
  readonly out: Width;
  /** Expand ratio, with every value it can take. */
  readonly expand: { readonly values: readonly number[]; read: Width["read"] };
  /** Ends its residual branch, if it has one: gamma then starts at 0. */
  readonly gate: Gate | undefined;
  readonly residual: boolean;
}

/** Appends a stage: its first block may stride and change width, the others are residual and gated by the depth. */
export function appendStage(
  builder: GraphBuilder,
  elastic: Elastic,
  space: SearchSpace,
  stage: StageData,
  index: number,
  x: Value,
  before: Width,
): { x: Value; width: Width } {
  const path = `stages.${stage.name}`;
  const out = elastic.width(path, stage.width, (architecture) => architecture.stages[index]!.width);
  const maximumDepth = Math.max(...stage.depth);
  const minimumDepth = Math.min(...stage.depth);
  for (let i = 0; i < maximumDepth; i++) {
    const block = `${path}.${i}`;
    const first = i === 0;
    const input = first ? before : out;
    const stride = first ? stage.stride : 1;
    const shortcut = first ? appendShortcut(builder, stage, `${block}.shortcut`, x, input, out) : x;
    // A block beyond the depth is switched off by its gate; what it would choose is of no matter.
    const y = branches[stage.block](
      {
        builder,
        elastic,
        stage,
        divisor: space.divisor,
        path: block,
        stride,
        kernel: elastic.kernel(block, stage.kernel, (a) => a.stages[index]!.kernels[i] ?? stage.kernel[0]!),
        in: input,
        out,
        expand: { values: stage.expand, read: (a) => a.stages[index]!.expands[i] ?? stage.expand[0]! },
        gate: i < minimumDepth ? undefined : elastic.gate(block, (a) => i < a.stages[index]!.depth),
        residual: shortcut !== undefined,
      },
      x,
    );
    x = shortcut ? builder.add(block, shortcut, y) : y;
  }
  return { x, width: out };
}

/** The first block's shortcut: nothing, the identity where sides are equal, or (average pool and) a bias-free 1×1 conv. */
function appendShortcut(
  builder: GraphBuilder,
  stage: StageData,
  path: string,
  x: Value,
  input: Width,
  out: Width,
): Value | undefined {
  const alwaysEqual = input.values.length === 1 && out.values.length === 1 && input.values[0] === out.values[0];
  const identity = stage.stride === 1 && alwaysEqual;
  if (identity) return x;
  if (stage.shortcut === "none") return undefined;
  const pooled = stage.shortcut === "avgpool+conv" && stage.stride > 1;
  if (pooled) x = builder.averagePool(`${path}.pool`, x, stage.stride);
  if (pooled && alwaysEqual) return x;
  const stride = pooled ? 1 : stage.stride;
  const canBeEqual = stride === 1 && input.values.some((value) => out.values.includes(value));
  return builder.conv(`${path}.conv`, x, {
    out: out.channels,
    stride,
    ...(canBeEqual && { identityWhenSquare: true }),
  });
}

const branches: Record<StageData["block"], (block: Block, x: Value) => Value> = {
  mbconv: appendMbconv,
  "depthwise-separable": appendDepthwiseSeparable,
  conv: appendConv,
};

/** expand 1×1 → depthwise → squeeze-and-excite → project 1×1 (linear). MobileNetV2, arXiv 1801.04381. */
function appendMbconv(block: Block, x: Value): Value {
  const { builder, path, stage } = block;
  const middle = expandedWidth(block);
  if (middle !== block.in) {
    x = builder.conv(`${path}.expand`, x, { out: middle.channels });
    x = builder.activation(`${path}.expand.activation`, builder.batchNorm(`${path}.expand.norm`, x), stage.activation);
  }
  x = appendDepthwise(block, x, middle);
  x = builder.conv(`${path}.project`, x, { out: block.out.channels });
  return endBranch(block, `${path}.project.norm`, x);
}

/** depthwise → squeeze-and-excite → pointwise 1×1 with activation. MobileNet, arXiv 1704.04861. */
function appendDepthwiseSeparable(block: Block, x: Value): Value {
  const { builder, path, stage } = block;
  x = appendDepthwise(block, x, block.in);
  x = builder.conv(`${path}.pointwise`, x, { out: block.out.channels });
  x = endBranch(block, `${path}.pointwise.norm`, x);
  return builder.activation(`${path}.pointwise.activation`, x, stage.activation);
}

/** One full convolution with activation. */
function appendConv(block: Block, x: Value): Value {
  const { builder, path, stage, kernel, stride } = block;
  x = builder.conv(`${path}.conv`, x, { out: block.out.channels, kernel, stride });
  x = endBranch(block, `${path}.conv.norm`, x);
  return builder.activation(`${path}.conv.activation`, x, stage.activation);
}

function appendDepthwise(
  { builder, elastic, path, stage, kernel, stride, in: input }: Block,
  x: Value,
  width: Width,
): Value {
  x = builder.depthwise(`${path}.depthwise`, x, { kernel, stride });
  x = builder.activation(
    `${path}.depthwise.activation`,
    builder.batchNorm(`${path}.depthwise.norm`, x),
    stage.activation,
  );
  return stage.squeezeExcite
    ? appendSqueezeExcite(builder, elastic, `${path}.se`, stage.squeezeExcite, x, input, width)
    : x;
}

/** pool → 1×1 → activation → 1×1 → gate, times x. arXiv 1709.01507. */
function appendSqueezeExcite(
  builder: GraphBuilder,
  elastic: Elastic,
  path: string,
  { base, ratio, divisor, activation, gate }: SqueezeExcite,
  x: Value,
  input: Width,
  width: Width,
): Value {
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

/** The batch norm that ends a block; of a residual one gamma starts at 0 (BigNAS) and the gate acts here. */
const endBranch = ({ builder, gate, residual }: Block, path: string, x: Value): Value =>
  builder.batchNorm(path, x, { ...(gate && { gate }), start: residual ? 0 : 1 });

/** The expanded channels of an mbconv; the input itself where the ratio is 1 alone. */
function expandedWidth({ elastic, expand, in: input, divisor, path }: Block): Width {
  if (expand.values.length === 1 && expand.values[0] === 1) return input;
  const expanded = (size: number, ratio: number): number => roundToDivisor(Math.round(size * ratio), divisor);
  return elastic.width(
    `${path}.expand`,
    input.values.flatMap((size) => expand.values.map((ratio) => expanded(size, ratio))),
    (architecture) => expanded(input.read(architecture), expand.read(architecture)),
  );
}
