/** checkpoint.json: what the weights are of, and, where they were trained here, how far and by which recipe. */
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
    .describe("Steps done. Random streams are keyed by it, so it is the random state and data position too."),
  totalSteps: z.number().int().min(1),
  recipe: z.unknown().describe("The recipe, whole."),
  engine: z.string(),
  execution: z.enum(["masked", "sliced"]),
  optimizer: file,
});

/** checkpoint.json */
export const checkpointSchema = z.strictObject({
  format: z.literal(FORMAT),
  space: z.unknown().describe("The search space, whole."),
  spaceHash: sha256,
  data: z
    .strictObject({
      source: z.string(),
      fingerprint: sha256,
      classes: z.array(z.string()),
      mean: z.array(z.number()),
      std: z.array(z.number()),
      validationShare: z.number(),
      size: z.number().int().describe("Height = width of the images in pixels."),
    })
    .describe("The images that the weights are for: recalibration, search and judgement take them too."),
  seed: z.number().int().describe("Of the split, of recalibration, of judging, and of training."),
  weights: file,
  training: trainingSchema.optional().describe("None for weights that were not trained here."),
  sha256: sha256.describe("Of all fields above as one line of JSON: a damaged number is noticed too."),
});

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
