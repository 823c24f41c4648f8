/** A stage of a convnet: its first block may stride and change width, the others are residual and gated by the depth. */
import type { GraphBuilder } from "../../graph/builder.js";
import type { Value } from "../../graph/values.js";
import { numberAt, listAt } from "../../space/architecture.js";
import type { Blocks, Part } from "../../space/choices.js";
import type { Stage } from "../blocks/block.js";
import { blockOf } from "../blocks/blocks.js";
import { valuesOfChoice, type Elastic, type Values, type Width } from "../elastic.js";
import { listedBy, type StageData } from "./schema.js";

/** A stage as its blocks read it. */
export const stageOf = (data: StageData): Stage => ({
  activation: data.activation,
  squeezeExcite: data.squeezeExcite,
  stride: data.stride,
  values: (field) => listedBy(data, field),
});

export interface StagePlace {
  readonly builder: GraphBuilder;
  readonly elastic: Elastic;
  readonly divisor: number;
  readonly stage: StageData;
  /** What the stage chooses. */
  readonly part: Part;
}

export function appendStage(place: StagePlace, x: Value, before: Width): { x: Value; width: Width } {
  const { builder, elastic, divisor, stage, part } = place;
  const path = `stages.${stage.name}`;
  const { once, blocks } = part;
  const { values, read } = valuesOfChoice(once[0]!);
  const { depth } = blocks!;
  const out = elastic.width(path, values, read);
  for (let i = 0; i < depth.values.at(-1)!; i++) {
    const block = `${path}.${i}`;
    const first = i === 0;
    const input = first ? before : out;
    const shortcut = first ? appendShortcut(builder, stage, `${block}.shortcut`, x, input, out) : x;
    const gate =
      i < depth.values[0]! ? undefined : elastic.gate(block, (architecture) => i < numberAt(architecture, depth.path));
    const y = blockOf(stage.block).build(
      {
        builder,
        elastic,
        stage: stageOf(stage),
        divisor,
        path: block,
        stride: first ? stage.stride : 1,
        in: input,
        out,
        choice: (field) => valuesOfBlock(blocks!, field, i),
        gate,
        residual: shortcut !== undefined,
      },
      x,
    );
    x = shortcut ? builder.add(block, shortcut, y) : y;
  }
  return { x, width: out };
}

/** A choice of the i-th block. The gate switches off blocks beyond the depth, so their values do not matter. */
function valuesOfBlock({ each }: Blocks, field: string, i: number): Values {
  const choice = each.find(({ name }) => name === field);
  if (!choice) throw new Error(`internal: no choice ${field}`);
  const { values, path } = choice;
  return { values, read: (architecture) => listAt(architecture, path)[i] ?? values[0]! };
}

/**
 * The first block's shortcut: none, the identity if both sides are equal, or a bias-free 1×1 conv (optionally pooled).
 */
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
