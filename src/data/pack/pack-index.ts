/**
 * A pack: pictures as training and judgements take them, prepared once and read by position ever after.
 *
 *   DIR/pack.json              what is in it, sealed
 *   DIR/<size>-train.pixels    pixels of image 0, 1, …: [count, size, size, channels]; then the CRC-32 of each image, 4 bytes
 *   DIR/<size>-test.pixels
 */
import { join } from "node:path";
import { z } from "zod";
import type { DocumentKind } from "../../base/document.js";
import { sha256OfJson } from "../../base/hash.js";
import { orderedSeal } from "../../base/seal.js";
import { preprocessingAt } from "../preprocessing.js";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const partSchema = z.strictObject({
  count: z.number().int().positive(),
  labels: z.string().describe("base64 of 16-bit numbers, little-endian: places in `classes`."),
});

export const packSchema = z.strictObject({
  format: z.literal(1),
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
        size: z.number().int().positive(),
        fingerprint: digest.describe("The data set's at this size, as of its source."),
        mean: z.array(z.number()),
        std: z.array(z.number()),
        checks: z.strictObject({ train: digest, test: digest }).describe("SHA-256 of the images' CRC-32s."),
      }),
    )
    .min(1),
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

export const pixelsIn = (folder: string, size: number, part: "train" | "test"): string =>
  join(folder, `${size}-${part}.pixels`);

/** The hash names everything that a packed pixel depends on beside the picture and the size. */
export const rulesHash = (channels: 1 | 3): string =>
  sha256OfJson(preprocessingAt(224, channels, { mean: [0], std: [1] }));
