/**
 * The file of a convnet's search space: one zod schema for validation, types, the JSON Schema and the docs. network.ts,
 * stage.ts and ../blocks turn its fields into a network.
 */
import { z } from "zod";
import { expand, kernel, type BlockChoice } from "../blocks/block.js";
import { blocks } from "../blocks/blocks.js";
import { activation, choices, depth, expandRatio, oddKernel, squeezeExcite, width } from "./fields.js";

const name = z.string().regex(/^[a-z][a-z0-9-]*$/, "a name of lower-case letters, digits and -");
const common: readonly BlockChoice[] = [kernel, expand];

/** Choices that only some kinds of block have. */
export const ownChoices: readonly BlockChoice[] = [
  ...new Set(blocks.flatMap(({ chooses }) => chooses.filter((choice) => !common.includes(choice)))),
];

const says = ({ says: text, field }: BlockChoice): string => {
  const kinds = blocks.filter(({ chooses }) => chooses.some((choice) => choice.field === field));
  return `${text} For the block ${kinds.map((kind) => kind.name).join(", ")}.`;
};
const ownFields = Object.fromEntries(
  ownChoices.map((choice) => [choice.field, choices(choice.value, says(choice)).optional()]),
);
const ownLists = Object.fromEntries(
  ownChoices.map(({ list }) => [list, z.array(z.number()).describe("One per block.").optional()]),
);

/** Hides the types of fields that `listedBy` reads by name: their index signature would bind every other field. */
const untyped = (fields: Record<string, z.ZodType>): object => fields;

const stage = z
  .strictObject({
    name: name.describe("Names the stage's parameters."),
    block: z
      .enum(blocks.map((kind) => kind.name))
      .describe(`${blocks.map((kind) => `${kind.name}: ${kind.says}`).join(". ")}.`),
    width: choices(width, "Output channels, one choice for the whole stage."),
    depth: choices(depth, "Number of blocks."),
    kernel: choices(kernel.value, kernel.says),
    expand: choices(expand.value, expand.says).default([1]),
    stride: z.literal([1, 2]).describe("Stride of the first block; the others have 1."),
    activation,
    squeezeExcite: squeezeExcite.optional(),
    shortcut: z
      .enum(["none", "conv", "avgpool+conv"])
      .describe(
        "The first block's shortcut if its sides differ: none, a strided 1×1 conv, or an average pool and a 1×1 conv. If they are equal it is the identity.",
      ),
    choicesPer: z
      .enum(["stage", "block"])
      .default("stage")
      .describe(
        "Whether all blocks of the stage share the value of each choice, such as kernel and expand ratio, or each block has its own.",
      ),
  })
  .extend(untyped(ownFields));

export const spaceSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name,
    description: z.string().optional(),
    family: z.literal("convnet").default("convnet").describe("The kind of network, which decides the fields below."),
    classes: z.number().int().min(2).max(65_536).describe("Number of classes of the data."),
    channels: z.literal([1, 3]).describe("Channels of the images."),
    resolutions: choices(z.number().int().min(8).max(1024), "Input height = width in pixels."),
    divisor: width.default(8).describe("Every elastic width and every expanded width is a multiple of it."),
    stem: z
      .strictObject({
        width: choices(width, "Output channels."),
        kernel: oddKernel.default(3),
        stride: z.literal([1, 2]),
        activation,
      })
      .describe("The first convolution."),
    stages: z.array(stage).min(1).max(64),
    head: z
      .strictObject({
        width: z
          .union([choices(width, "Output channels."), z.strictObject({ expand: expandRatio })])
          .describe("Channels of the last 1×1 convolution, or a multiple of the last stage's width."),
        activation,
        mix: z
          .strictObject({
            width: choices(width, "Output channels."),
            activation,
            batchNorm: z
              .boolean()
              .default(false)
              .describe("Whether a batch norm follows it (MobileNetV4), or none (MobileNetV3)."),
          })
          .optional()
          .describe("A second 1×1 layer after the pooling."),
      })
      .describe("From the last stage to the classifier."),
  })
  .describe("A nestling search space.");

export type ConvnetData = z.output<typeof spaceSchema>;
export type StageData = ConvnetData["stages"][number];

/** The values that a stage lists for a choice; `[0]`, which means none, if it leaves out a choice of its own block. */
export function listedBy(data: StageData, field: string): readonly number[] {
  const list: unknown = Object.entries(data).find(([key]) => key === field)?.[1];
  return Array.isArray(list) ? (list as number[]) : [0];
}

const positive = z.number().int().min(1);

/** An architecture as a file: lists per active block. */
export const architectureSchema = z.strictObject({
  resolution: positive,
  stem: positive.describe("Width of the stem."),
  stages: z.array(
    z
      .strictObject({
        width: positive,
        depth: positive,
        kernels: z.array(z.number().int().min(0)).describe("One per block."),
        expands: z.array(z.number()).describe("One per block."),
      })
      .extend(untyped(ownLists)),
  ),
  head: positive.optional().describe("Width of the head, where it is a choice."),
  mix: positive.optional().describe("Width of the second layer of the head, where there is one."),
});

/** An architecture of a convnet: each stage's width, depth, and a list per choice of its blocks. */
export type ConvnetArchitecture = z.output<typeof architectureSchema>;
