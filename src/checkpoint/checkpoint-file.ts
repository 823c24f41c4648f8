/**
 * checkpoint.json: describes the weights and, if they were trained here, the recipe and the progress of the training.
 */
import { z } from "zod";
import type { DocumentKind } from "../base/document.js";
import { orderedSeal } from "../base/seal.js";

export const FORMAT = 2;
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256");
const file = z.strictObject({ file: z.string().regex(/^[\w.-]+$/), sha256 });

const trainingSchema = z.strictObject({
  step: z
    .number()
    .int()
    .min(0)
    .describe("Steps done. It keys all random streams, so it is the random state and the data position too."),
  totalSteps: z.number().int().min(1),
  recipe: z.unknown().describe("The complete recipe."),
  engine: z.string(),
  execution: z.enum(["masked", "sliced"]),
  precision: z
    .enum(["tf32", "bf16"])
    .optional()
    .describe("How convolutions and products of matrices were made. Without it, in float32."),
  optimizer: file,
});

/** checkpoint.json */
export const checkpointSchema = z.strictObject({
  format: z.literal(FORMAT),
  space: z.unknown().describe("The complete search space."),
  spaceHash: sha256,
  data: z
    .strictObject({
      source: z.string().describe("What the data set is called. Where it is, data.json beside the checkpoint says."),
      fingerprint: sha256,
      classes: z.array(z.string()),
      mean: z.array(z.number()),
      std: z.array(z.number()),
      validationShare: z.number(),
      size: z.number().int().describe("Height = width of the images in pixels."),
      evaluation: z
        .strictObject({ cropShare: z.number(), interpolation: z.enum(["bilinear", "bicubic"]) })
        .optional()
        .describe("As the recipe has it. Without it, all of the middle square."),
    })
    .describe("The images that the weights are for; recalibration, search and judging use them too."),
  seed: z.number().int().describe("Seed of the split, of recalibration, of judging and of training."),
  weights: file,
  training: trainingSchema.optional().describe("Absent for weights that were not trained here."),
  sha256: sha256.describe("SHA-256 of all fields above as one line of JSON, so that a damaged number is found too."),
});

/** checkpoint.json, as read. */
export type CheckpointFile = z.output<typeof checkpointSchema>;
export type FileEntry = z.output<typeof file>;

export const checkpointFile: DocumentKind<typeof checkpointSchema> = {
  schema: checkpointSchema,
  code: "checkpoint/corrupt",
  fix: "The file is damaged, or another version of nestling wrote it: use another checkpoint or train again.",
  want: "the checkpoint of a run",
  unreadable: { code: "checkpoint/missing", fix: "Give a folder that `nestling train --out` made." },
  seal: orderedSeal,
};
