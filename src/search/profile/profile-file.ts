/** A latency profile: what kinds of layer cost one device, from a few dozen measured children, and how well that predicts others. */
import { z } from "zod";
import { writeJsonAtomic } from "../../base/atomic-file.js";
import { checkDocument, readJson, type DocumentKind, type FileKind } from "../../base/document.js";
import { orderedSeal, sealed } from "../../base/seal.js";
import { UserError } from "../../base/user-error.js";
import { layerKinds } from "./layer-costs.js";

const ms = z.number().positive();
const share = z.number().min(0);
const whole = z.int().min(0);

const errorsSchema = z.strictObject({
  within10: share.describe("Share of the held-out children within ± 10 % of what was measured."),
  within5: share.describe("Within ± 5 %."),
  relativeRmse: share.describe("Root mean square of the errors, as a share of what was measured."),
  rmseMs: share.describe("The same in ms."),
  rankCorrelation: z.number().min(-1).max(1).describe("Kendall's, of predicted and measured order."),
});

const profileSchema = z.strictObject({
  format: z.literal(1),
  layerKinds: z.literal(layerKinds).describe("Version of the kinds of layer that costs are of."),
  target: z.string().min(1).describe("Name of the target."),
  device: z.string().describe("The device and its software in a line, for people."),
  environment: z
    .looseObject({ cpu: z.string(), onnxruntime: z.string(), executionProvider: z.string(), threads: z.number() })
    .describe("The device and its software, when it was measured."),
  date: z.iso.datetime(),
  space: z.string(),
  spaceHash: z.string().describe("SHA-256 of the space: children of another one have no place here."),
  seed: whole.describe("It decides the children and the order in which they were timed."),
  seconds: share.describe("How long it was measured."),
  passes: whole.describe("How often every child was timed."),
  noise: share.describe("What a measured latency is off by, by chance: a standard deviation, as a share."),
  costs: z.record(z.string(), z.number()).describe("ms for one unit of what is counted, by its name."),
  penalty: ms.describe("How small the costs of kinds of layer are held; chosen by the error on children left out."),
  leftOutError: share.describe("Relative error on fitted children left out one by one, as a root mean square."),
  errors: errorsSchema.describe("On the held-out children."),
  linearErrors: errorsSchema.describe("The same of the linear model that a search fits without a profile."),
  children: z
    .array(
      z.strictObject({
        id: z.string(),
        use: z.enum(["fitted", "held out"]),
        latencyMs: ms,
        predictedMs: z.number(),
      }),
    )
    .min(2),
});

/** A latency profile's file. */
export const latencyProfileSchema = profileSchema.extend({
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "a SHA-256")
    .describe("Hash of all fields above as one line of JSON."),
});

/**
 * What kinds of layer cost a device, and how well that predicts children that weren't used for it.
 * @interface
 */
export type LatencyProfile = z.output<typeof latencyProfileSchema>;

const file: FileKind = {
  code: "search/profile",
  want: "a latency profile",
  fix: "Measure it again: `nestling profile`.",
  seal: orderedSeal,
};
const sealedProfile: DocumentKind<typeof latencyProfileSchema> = { ...file, schema: latencyProfileSchema };
const versions = z.looseObject({ format: z.unknown(), layerKinds: z.unknown() });

export const sealedProfileOf = (fields: z.output<typeof profileSchema>): LatencyProfile => sealed(fields, orderedSeal);

export const writeLatencyProfile = (path: string, profile: LatencyProfile): Promise<void> =>
  writeJsonAtomic(path, profile);

/**
 * Reads a latency profile.
 * @throws UserError `search/profile` where it is missing, damaged, or of another version
 */
export async function readLatencyProfile(path: string): Promise<LatencyProfile> {
  const data = await readJson(path, file);
  const { success, data: found } = versions.safeParse(data);
  if (success && found.format === 1 && Number.isInteger(found.layerKinds) && found.layerKinds !== layerKinds) {
    throw new UserError("search/profile", {
      at: `${path}: layerKinds`,
      got: String(found.layerKinds),
      want: `${layerKinds}, the kinds of layer that this version of nestling counts`,
      fix: file.fix,
    });
  }
  return checkDocument(data, path, sealedProfile);
}
