/** The fields that several places of a convnet's space file share. */
import { z } from "zod";

/** Far beyond every published network, and small enough that a typing error fills no memory. */
export const width = z.number().int().min(1).max(16_384);
export const depth = z.number().int().min(1).max(64);
export const expandRatio = z.number().min(1).max(32);
/** Each maps 0 to 0, so that masked channels stay zero. */
export const activation = z.enum(["relu", "relu6", "swish", "hard-swish"]);

/** 0 leaves the convolution out, where the block allows it. */
export const kernelOrNone = z
  .number()
  .int()
  .min(0)
  .max(15)
  .refine((kernel) => kernel === 0 || kernel % 2 === 1, { message: "an odd kernel size" });

/** A non-empty list of values in increasing order. */
export const choices = (item: z.ZodType<number>, what: string) =>
  z
    .array(item)
    .min(1)
    .refine((list) => list.every((value, i) => i === 0 || value > list[i - 1]!), {
      message: "choices in increasing order, each once",
    })
    .describe(what);

export const squeezeExcite = z
  .strictObject({
    base: z
      .enum(["input", "expanded"])
      .describe("What the hidden width is a share of: the block's input or its expanded channels."),
    ratio: z.number().min(1).default(4).describe("Hidden width = base / ratio."),
    divisor: width
      .default(1)
      .describe("The hidden width is rounded to a multiple of it; 1 rounds down to a whole number."),
    activation: activation.default("relu").describe("Between the two layers."),
    gate: z.enum(["sigmoid", "hard-sigmoid"]).default("hard-sigmoid").describe("After the second layer."),
  })
  .describe("Squeeze-and-excite after the depthwise convolution.");

export type Activation = z.output<typeof activation>;
export type SqueezeExcite = z.output<typeof squeezeExcite>;
