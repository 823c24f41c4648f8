/**
 * A kind of block: what its stages choose, and how to build its graph. One kind per file; blocks.ts lists them.
 * Training, counting, slicing and export all work on what `build` appends.
 */
import type { z } from "zod";
import type { GraphBuilder } from "../../graph/builder.js";
import type { Gate, Value } from "../../graph/values.js";
import type { Dimension } from "../../space/choices.js";
import { expandRatio, kernelOrNone, type Activation, type SqueezeExcite } from "../convnet/fields.js";
import type { Elastic, Values, Width } from "../elastic.js";

/** What each block of a stage chooses: a field of the stage, and a list in the architecture. */
export interface BlockChoice {
  /** The stage's field that lists the values. */
  readonly field: string;
  /** The architecture's list, one value per block. */
  readonly list: string;
  readonly dimension: Dimension;
  /** One value of the list. */
  readonly value: z.ZodType<number>;
  /** Text for docs/space-format.md. */
  readonly says: string;
}

export interface BlockKind {
  readonly name: string;
  /** Text for docs/space-format.md: its layers in order. */
  readonly says: string;
  /**
   * What each of its blocks chooses. Kernel and expand ratio are fields of every stage; other choices belong to this
   * kind.
   */
  readonly chooses: readonly BlockChoice[];
  /** Whether its stages may have squeeze-and-excite. */
  readonly squeezeExcite: boolean;
  /** Whether kernel 0, which leaves the convolution out, is one of its choices. */
  readonly kernelMayBeZero?: true;
  /** Finds fields of a stage that must not be combined. */
  readonly problemsOf?: (stage: Stage) => readonly StageProblem[];
  /** Appends the block's branch, without its shortcut. */
  readonly build: (context: BlockContext, x: Value) => Value;
}

/** The part of a stage that its blocks can read. */
export interface Stage {
  readonly activation: Activation;
  readonly squeezeExcite?: SqueezeExcite | undefined;
  /** Stride of the stage's first block. */
  readonly stride: 1 | 2;
  /** The values that a choice's field lists; `[0]` if the stage leaves out a choice of its own block. */
  values(field: string): readonly number[];
}

export interface StageProblem {
  readonly field: string;
  readonly got: string;
  readonly want: string;
  readonly fix: string;
}

/** What a block is built from. */
export interface BlockContext {
  readonly builder: GraphBuilder;
  readonly elastic: Elastic;
  readonly stage: Stage;
  /** Widths are multiples of it. */
  readonly divisor: number;
  /** Dotted prefix of its names, `stages.<stage>.<block>`. */
  readonly path: string;
  readonly stride: number;
  readonly in: Width;
  readonly out: Width;
  /** The values of a choice for this block. */
  readonly choice: (field: string) => Values;
  /** The gate on its residual branch, if an architecture's depth may leave the block out. */
  readonly gate: Gate | undefined;
  /** Whether a shortcut is added to the branch. If so, the branch's last gamma starts at 0. */
  readonly residual: boolean;
}

export const kernel: BlockChoice = {
  field: "kernel",
  list: "kernels",
  dimension: "kernel",
  value: kernelOrNone,
  says: "Kernel size; smaller ones are the centre crop of the largest. 0, where the block allows it, leaves the convolution out.",
};

export const expand: BlockChoice = {
  field: "expand",
  list: "expands",
  dimension: "expand",
  value: expandRatio,
  says: "Expand ratio of blocks that expand; 1 alone means no expand convolution.",
};
