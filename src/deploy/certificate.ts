/** What is known of an exported child: where it is from, what it costs, how sure each number is. `verify` reruns it. */
import { z } from "zod";
import type { DocumentKind } from "../base/document.js";
import { layoutNames } from "../compile/layouts.js";
import { newestOpset, oldestOpset } from "../compile/opsets.js";
import { precisionNames } from "../compile/precisions.js";
import { preprocessingSchema } from "../data/preprocessing.js";
import { sessionSchema } from "../evaluate/session-schema.js";
import { architectureSchema } from "../space/architecture.js";

const precision = z.enum(precisionNames);
const interval = z.tuple([z.number(), z.number()]);
const operators = z.record(z.string(), z.number());
const count = z.int().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Latency on a target, and of what session it is. */
const latencyShape = {
  latencyMs: z.number().describe("Undisturbed latency, batch 1, by docs/latency-protocol.md."),
  latency: sessionSchema.describe("The session that latencyMs is from."),
  target: z.string().describe("Where latency was measured."),
  environment: z.record(z.string(), z.unknown()),
};

/** The certificate beside an .onnx file, `<name>.json`. */
export const certificateSchema = z.strictObject({
  format: z.literal(2),
  nestling: z.string().describe("Version that made it."),
  file: z.string(),
  sha256,
  fileBytes: count,
  id: z.string().describe("The architecture's id in its space."),
  architecture: architectureSchema,
  precision: precision.describe("What the file's weights and activations are held in."),
  provenance: z
    .strictObject({
      space: z.string(),
      spaceHash: sha256,
      architecture: z.string().describe("The architecture's id in the space."),
      checkpoint: sha256.describe("SHA-256 of the supernet's weights."),
      step: z.int().min(0),
      dataFingerprint: sha256,
      recalibrationImages: count,
      precision,
      batch: z.union([count, z.literal("free")]).describe("Images of the file's batch."),
      opset: z
        .int()
        .min(oldestOpset)
        .max(newestOpset)
        .optional()
        .describe("ONNX's opset that the file is written in; 17 where it is left out."),
      maxLoss: z.number().optional().describe("Points of accuracy that quantisation may lose, where that is limited."),
    })
    .describe("What the file is made from: all that its bytes follow from."),
  provenanceHash: sha256.describe("SHA-256 of `provenance`; the file's metadata has it as nestling.provenance_sha256."),
  macs: count,
  parameters: count.describe(
    "Trained values: weights, and gamma and beta of each batch norm. The file has one bias in place of the two: fewer values by one for each of their channels.",
  ),
  peakBytes: count.describe("Largest sum of float32 activations alive at once, one image."),
  accuracy: z.number().describe("On the test images, of this file on onnxruntime."),
  accuracyInterval: interval.describe("Wilson score interval, 95 %."),
  correct: z.int().min(0),
  testImages: count,
  testFingerprint: sha256.describe("SHA-256 of the test images as the file takes them, and their labels."),
  ...latencyShape,
  otherTargets: z
    .array(z.strictObject(latencyShape))
    .optional()
    .describe("Latencies on further targets; each target once."),
  keptInFloat32: z
    .array(z.strictObject({ node: z.string(), why: z.string() }))
    .optional()
    .describe(
      "Nodes that compute in float32, and why: of a float16 file what leaves its range, of an int8 file the layers that lose most.",
    ),
  quantization: z
    .strictObject({
      layout: z
        .strictObject({ name: z.enum(layoutNames), why: z.string().describe("Why this layout was chosen.") })
        .optional()
        .describe("Where the file is to run, as `--int8-for` names it; left out before a target could choose it."),
      ranges: z
        .array(
          z.strictObject({
            way: z.string(),
            isTaken: z.boolean(),
            correct: z.number().describe("Training images set aside that it gets right, of `images`."),
            images: z.number(),
            difference: z.number().describe("Root of the mean squared difference of logits from the float32 child."),
          }),
        )
        .describe(
          "How the activations' ranges were chosen: of the ways within 0.5 % of the most images right, the nearest.",
        ),
      quantized: operators.describe(
        "Nodes that compute in whole numbers, after onnxruntime's optimisation here; in the layouts for TensorRT and OpenVINO those whose inputs the file quantises.",
      ),
      float: operators.describe("Nodes that compute in float32."),
      moved: operators.describe("Nodes that convert or move, and compute nothing."),
      unfused: z
        .number()
        .describe(
          "Convolutions and dense layers that compute in float32 without being in keptInFloat32: 0 in a file that is int8.",
        ),
      loss: z
        .strictObject({
          points: z.number().describe("What the float32 child gets right more, in points; below 0 where it is less."),
          spread: z.number().describe("Half the width of its 95 % interval, in points."),
          images: z.number().describe("Training images set aside that it was measured on."),
          most: z.number().describe("What it may lose, in points."),
        })
        .optional()
        .describe("What quantisation loses, where that is limited."),
    })
    .optional()
    .describe("How an int8 file was quantised, and the proof that it computes in whole numbers."),
  comparedWith: z
    .literal("the masked supernet in float32, with the same statistics, on onnxruntime without its optimisations")
    .optional()
    .describe("What maxDifference and sameTopOne are to; left out before there was a choice of precision."),
  maxDifference: z.number().describe("Largest |logit difference| to the masked supernet with the same statistics."),
  tolerance: z
    .number()
    .describe(
      "What maxDifference may be: the precision's tolerance (float32: 1e-4, float16: 2e-2, int8: 0.3) × (1 + largest |logit|).",
    ),
  sameTopOne: z.number().describe("Share of images on which file and supernet agree."),
  comparedImages: count,
  probe: z
    .strictObject({
      seed: z.number().describe("The seed that draws the images."),
      images: z.array(z.int().min(0)).min(1).describe("Which test images, from 0."),
      pixels: z
        .base64()
        .describe(
          "The images as the file takes them, before scale and mean: bytes, [images, height, width, channels], in base64.",
        ),
      logits: z.array(z.array(z.number())).describe("What the file gives on onnxruntime, on the CPU, by image."),
    })
    .optional()
    .describe("What any device must compute, within `tolerance` as it follows from these logits."),
  labels: z.array(z.string()),
  preprocessing: preprocessingSchema,
  inputs: z.strictObject({ pixel_values: z.array(z.union([z.string(), z.number()])) }),
  outputs: z.strictObject({ logits: z.array(z.union([z.string(), z.number()])) }),
  seal: sha256.describe("SHA-256 of all the rest, as JSON with sorted keys: an edited number breaks it."),
});

/**
 * A certificate: everything known of an exported child. It is the JSON file beside the .onnx file.
 * @interface
 */
export type Certificate = z.output<typeof certificateSchema>;

/** Reads a certificate; `verify` says of its seal, so that all that was edited is listed. */
export const certificateFile: DocumentKind<typeof certificateSchema> = {
  schema: certificateSchema,
  code: "deploy/certificate",
  fix: "Export the child again: a certificate is written beside every file.",
  want: "the certificate beside the file",
};

/** `child.onnx` → `child.json`. */
export const certificatePath = (onnxPath: string): string => onnxPath.replace(/\.onnx$/, ".json");
