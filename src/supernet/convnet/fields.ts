/** The fields that several places of a convnet's space file share. */
import { z } from "zod";

/** Upper bounds far beyond every published network, yet small enough that a typo cannot exhaust memory. */
export const width = z.number().int().min(1).max(16_384);
export const depth = z.number().int().min(1).max(64);
export const expandRatio = z.number().min(1).max(32);
/** All of these map 0 to 0, so masked channels stay zero. */
export const activation = z.enum(["relu", "relu6", "swish", "hard-swish"]);

export const oddKernel = z
  .number()
  .int()
  .min(1)
  .max(15)
  .refine((kernel) => kernel % 2 === 1, { message: "an odd kernel size" });

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
      .describe("The base of the hidden width: the block's input channels or its expanded channels."),
    ratio: z.number().min(1).max(1024).default(4).describe("Hidden width = base / ratio."),
    divisor: width
      .default(1)
      .describe("The hidden width is rounded to a multiple of this; 1 rounds down to an integer."),
    activation: activation.default("relu").describe("Activation between the two layers."),
    gate: z.enum(["sigmoid", "hard-sigmoid"]).default("hard-sigmoid").describe("Gate function after the second layer."),
  })
  .describe("Squeeze-and-excite after the depthwise convolution.");

export type Activation = z.output<typeof activation>;
export type SqueezeExcite = z.output<typeof squeezeExcite>;
