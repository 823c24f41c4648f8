/**
 * A pack: pictures as training and judgements take them, prepared once and read by position ever after.
 *
 *   DIR/pack.json                 what is in it, sealed
 *   DIR/<squares>-train.pixels    pixels of image 0, 1, …: [count, size, size, channels]; then the CRC-32 of each image, 4 bytes
 *   DIR/<squares>-test.pixels
 *   DIR/train.pictures            whole pictures for randomResizedCrop, one after the other, and where each lies (picture-file.ts)
 *   DIR/test.pictures
 *
 * <squares> is the size, as the survey and training without randomResizedCrop take them, or also what the shorter side is resized to and how, as a
 * recipe's evaluation sees them: 224-of-256-bicubic.
 */
import { join } from "node:path";
import { z } from "zod";
import type { DocumentKind } from "../../base/document.js";
import { orderedSeal } from "../../base/seal.js";
import { evaluationSchema, squareName, type Evaluation } from "../preprocessing.js";

export type PartName = "train" | "test";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.number().int().positive();
const partSchema = z.strictObject({
  count: z.number().int().positive(),
  labels: z.string().describe("base64 of 16-bit numbers, little-endian: places in `classes`."),
});
const storedPicturesSchema = z.strictObject({
  bytes: z.number().int().positive().describe("How many all pixels take."),
  table: digest.describe("SHA-256 of what follows the pixels."),
});

export const packSchema = z.strictObject({
  format: z.literal(2),
  nestling: z.string(),
  source: z.string().describe("What the data set was called."),
  preprocessing: digest.describe("SHA-256 of the rules by which pictures become pixels."),
  channels: z.union([z.literal(1), z.literal(3)]),
  classes: z.array(z.string()),
  train: partSchema,
  test: partSchema,
  validation: z
    .array(z.number().int().min(0))
    .optional()
    .describe("Training images that the source itself sets aside for validation."),
  broken: z.array(z.string()).describe("Pictures left out because they can't be read, by their place in the source."),
  sizes: z
    .array(
      z.strictObject({
        size,
        fingerprint: digest.describe("The data set's at this size, as of its source."),
        mean: z.array(z.number()),
        std: z.array(z.number()),
      }),
    )
    .min(1),
  squares: z.array(
    z.strictObject({
      size,
      evaluation: evaluationSchema.optional().describe("What judgements see; left out: all of the middle square."),
      checks: z.strictObject({ train: digest, test: digest }).describe("SHA-256 of the images' CRC-32s."),
    }),
  ),
  pictures: z
    .strictObject({
      enough: z
        .number()
        .positive()
        .describe("A longer shorter side was reduced by the largest whole factor that leaves so many pixels."),
      train: storedPicturesSchema,
      test: storedPicturesSchema,
    })
    .optional(),
  sha256: digest,
});

export type PackIndex = z.output<typeof packSchema>;

const fix = "Pack the pictures again: nestling data pack.";

export const packKind: DocumentKind<typeof packSchema> = {
  schema: packSchema,
  code: "data/pack",
  fix,
  want: "the index of a pack",
  seal: orderedSeal,
};

export const indexIn = (folder: string): string => join(folder, "pack.json");

/** Squares of one size: all of the middle one, or what an evaluation sees. */
export interface Squares {
  readonly size: number;
  readonly evaluation?: Evaluation | undefined;
}

export const squaresIn = (folder: string, { size, evaluation }: Squares, part: PartName): string =>
  join(folder, `${squareName(size, evaluation)}-${part}.pixels`);

export const picturesIn = (folder: string, part: PartName): string => join(folder, `${part}.pictures`);
