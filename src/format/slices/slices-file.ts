/** `slices.json`: named children of one checkpoint. */
import { z } from "zod";
import type { DocumentKind } from "../../base/document.js";
import { canonicalSeal } from "../../base/seal.js";

export const SLICES = "slices.json";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A safetensors file beside it. */
const arrays = z.strictObject({ file: z.string().regex(/^[\w-]+\.safetensors$/), sha256 });

export const slicesSchema = z.strictObject({
  format: z.literal(1),
  nestling: z.string().describe("Version that wrote the folder."),
  space: z.record(z.string(), z.unknown()).describe("The space file of the weights."),
  weights: arrays.describe("The supernet's weights, as its checkpoint has them."),
  statistics: arrays.describe("Mean and variance of every batch norm of every child: `NAME/…`."),
  slices: z
    .record(
      z.string(),
      z.strictObject({
        architecture: z.string().describe("The architecture's id in the space."),
        sha256: sha256.describe("SHA-256 of the .onnx file."),
        certificate: z.string().regex(/^certificates\/[^/\\]+\.json$/),
      }),
    )
    .describe("The children, by name."),
  seal: sha256.describe("SHA-256 of all the rest, as JSON with sorted keys."),
});

export type SlicesFile = z.output<typeof slicesSchema>;

export const slicesFile: DocumentKind<typeof slicesSchema> = {
  schema: slicesSchema,
  code: "format/slices",
  fix: "Deploy the run again, for nestling-slices.",
  want: "a folder of slices",
  seal: canonicalSeal,
};
