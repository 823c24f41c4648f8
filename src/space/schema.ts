/**
 * The format of a search space file: one zod schema that validates, types, and yields the JSON Schema and the docs.
 * A space is data; what its words mean as a network stands in src/supernet.
 */
import { z } from "zod";

const positive = z.number().int().min(1);
/** Far beyond every published network, and small enough that a typing error fills no memory. */
const width = positive.max(16_384);
const depth = positive.max(64);
const expandRatio = z.number().min(1).max(32);
const activation = z.enum(["relu", "relu6", "swish", "hard-swish"]);

/** A non-empty list of choices in increasing order. */
const choices = (item: z.ZodType<number>, what: string) =>
  z
    .array(item)
    .min(1)
    .refine((list) => list.every((value, i) => i === 0 || value > list[i - 1]!), {
      message: "choices in increasing order, each once",
    })
    .describe(what);

const odd = z
  .number()
  .int()
  .min(1)
  .max(15)
  .refine((kernel) => kernel % 2 === 1, { message: "an odd kernel size" });

const squeezeExcite = z
  .strictObject({
    base: z
      .enum(["input", "expanded"])
      .describe("What the hidden width is a share of: the block's input or its expanded channels."),
    ratio: z.number().min(1).default(4).describe("Hidden width = base / ratio."),
    divisor: width
      .default(1)
      .describe("The hidden width is rounded to a multiple of it; 1 rounds down to a whole number."),
    activation: activation.default("relu").describe("Between the two layers."),
    gate: z.enum(["sigmoid", "hard-sigmoid"]).default("hard-sigmoid").describe("Behind the second layer."),
  })
  .describe("Squeeze-and-excite behind the depthwise convolution.");

const stage = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, "a name of lower-case letters, digits and -")
    .describe("Names the stage's parameters."),
  block: z
    .enum(["mbconv", "depthwise-separable", "conv"])
    .describe(
      "mbconv: expand 1×1, depthwise, project 1×1. depthwise-separable: depthwise, pointwise. conv: one full convolution.",
    ),
  width: choices(width, "Output channels, one choice for the whole stage."),
  depth: choices(depth, "Number of blocks."),
  kernel: choices(odd, "Kernel size; smaller ones are the centre crop of the largest."),
  expand: choices(expandRatio, "Expand ratio of mbconv; 1 alone means no expand convolution.").default([1]),
  stride: z.literal([1, 2]).describe("Stride of the first block; the others have 1."),
  activation,
  squeezeExcite: squeezeExcite.optional(),
  shortcut: z
    .enum(["none", "conv", "avgpool+conv"])
    .describe(
      "The first block's shortcut where its sides differ: none, a strided 1×1 conv, or an average pool and a 1×1 conv. Where the sides are equal it is the identity.",
    ),
  choicesPer: z
    .enum(["stage", "block"])
    .default("stage")
    .describe("Whether kernel and expand ratio are chosen once for the stage or for each block."),
});

export const spaceSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().regex(/^[a-z][a-z0-9-]*$/, "a name of lower-case letters, digits and -"),
    description: z.string().optional(),
    classes: z.number().int().min(2).max(65_536).describe("Number of classes of the data."),
    channels: z.literal([1, 3]).describe("Channels of the images."),
    resolutions: choices(z.number().int().min(8).max(1024), "Input height = width in pixels."),
    divisor: width.default(8).describe("Every elastic width and every expanded width is a multiple of it."),
    stem: z
      .strictObject({
        width: choices(width, "Output channels."),
        kernel: odd.default(3),
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
          .strictObject({ width: choices(width, "Output channels."), activation })
          .optional()
          .describe("A second 1×1 layer behind the pooling, without batch norm (the MobileNetV3 head)."),
      })
      .describe("From the last stage to the classifier."),
  })
  .describe("A nestling search space.");

export type SearchSpaceData = z.output<typeof spaceSchema>;
export type StageData = SearchSpaceData["stages"][number];
export type SqueezeExcite = NonNullable<StageData["squeezeExcite"]>;

/** An architecture as a file: lists per active block. */
export const architectureSchema = z.strictObject({
  resolution: positive,
  stem: positive.describe("Width of the stem."),
  stages: z.array(
    z.strictObject({
      width: positive,
      depth: positive,
      kernels: z.array(positive).describe("One per block."),
      expands: z.array(z.number()).describe("One per block."),
    }),
  ),
  head: positive.optional().describe("Width of the head, where it is a choice."),
  mix: positive.optional().describe("Width of the second layer of the head, where there is one."),
});

/** One point of a space; what is not elastic stands in it too. */
export type Architecture = z.output<typeof architectureSchema>;
