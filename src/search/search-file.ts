/** search.json: every child judged, the Pareto fronts, what was chosen. A search rewrites it after each child and resumes from it. */
import { z } from "zod";
import { writeJsonAtomic } from "../base/atomic-file.js";
import { readDocumentIfAny, type DocumentKind } from "../base/document.js";
import { orderedSeal, sealed } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { precisionNames } from "../compile/precisions.js";
import { architectureSchema } from "../space/architecture.js";

const interval = z.tuple([z.number(), z.number()]);

/** A latency as screened, or in the final as the photo finish has it. */
const latencySchema = z.object({
  latencyMs: z.number().optional().describe("As screened, or in the final as the photo finish has it."),
  latencyIntervalMs: interval.optional(),
  screenedLatencyMs: z.number().optional().describe("A finalist's latency before the photo finish."),
  screenedLatencyIntervalMs: interval.optional(),
});

export const candidateSchema = z.strictObject({
  id: z.string(),
  architecture: architectureSchema,
  precision: z
    .enum(precisionNames)
    .optional()
    .describe("What it was compiled to, in a search over several precisions; its id ends with it."),
  macs: z.number(),
  parameters: z.number(),
  peakBytes: z.number(),
  fileBytes: z.number().describe("Size of the .onnx file."),
  sha256: z.string(),
  correct: z.number().describe("Validation images that it got right, of `count`: what was seen, not what to expect."),
  count: z
    .number()
    .describe(
      "Validation images seen: those of the screening, or all in the final; none where it is within no budget.",
    ),
  softAccuracy: z
    .number()
    .describe("Mean of softened hits on the screening images, which says more than their number."),
  expectedAccuracy: z.number().describe("What to expect of it on new images, by what all children tell together."),
  expectedInterval: interval.describe("95 % interval of `expectedAccuracy`."),
  losesTooMuch: z.literal(true).optional().describe("It loses more by quantisation than `maxLoss`, and is not chosen."),
  ...latencySchema.shape,
  otherLatencies: z
    .record(z.string(), latencySchema.strict())
    .optional()
    .describe("Latencies on further targets, by their names."),
  phase: z.enum(["coarse", "fine"]),
  budget: z.string().optional().describe("The budget that a fine candidate was proposed for."),
  inFinal: z.boolean(),
  hits: z
    .string()
    .describe(
      "Which validation images it got right, four to a hexadecimal digit: a resumed search decides as the first one did.",
    ),
});

const resultSchema = z.strictObject({
  format: z.literal(2),
  complete: z.boolean(),
  space: z.unknown().describe("The search space, whole."),
  spaceHash: z.string(),
  checkpoint: z.string().describe("SHA-256 of the weights searched."),
  seed: z.number(),
  budgets: z.array(z.string()),
  recalibrationImages: z.number(),
  fineCandidates: z.number().describe("Most children screened for each budget after the grid."),
  validationImages: z.number(),
  screeningImages: z.number().describe("Validation images on which every child is judged; finalists see all."),
  grid: z.string(),
  target: z.string().optional().describe("Where latency was measured; only under a latency budget."),
  otherTargets: z.array(z.string()).optional().describe("Further targets that have a latency budget."),
  opset: z.int().optional().describe("ONNX's opset of the files that were judged; 17 where it is left out."),
  precision: z
    .enum(precisionNames)
    .optional()
    .describe("What the children were compiled to and judged in; float32 where it is left out."),
  precisions: z
    .array(z.enum(precisionNames))
    .min(2)
    .optional()
    .describe("The precisions of which each architecture was judged in all; instead of `precision`."),
  maxLoss: z.number().optional().describe("Points of accuracy that quantisation may lose, where that is limited."),
  profiles: z.array(z.string()).optional().describe("SHA-256 of the latency profiles that ordered the proposals."),
  judgedImages: z.number().describe("Images judged, summed over the children."),
  candidates: z.array(candidateSchema),
  front: z
    .strictObject({
      macs: z.array(z.string()),
      latencyMs: z.array(z.string()).optional(),
      otherLatencies: z.record(z.string(), z.array(z.string())).optional().describe("By further targets' names."),
    })
    .describe("Ids of the Pareto fronts."),
  chosen: z.array(
    z.strictObject({
      budget: z.string(),
      id: z.string(),
      tied: z.array(z.string()).describe("Finalists that can't be told apart from it, cheapest first."),
      noBetterThan: z
        .string()
        .optional()
        .describe("`smallest`, or a cheaper budget whose choice can't be told apart: this budget buys nothing."),
    }),
  ),
});

/** search.json */
export const searchSchema = resultSchema.extend({
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "a SHA-256")
    .describe("Hash of all fields above as one line of JSON: it shows a damaged number too."),
});

/**
 * search.json: every child judged, the Pareto fronts, and what was chosen.
 * @interface
 */
export type SearchResult = z.output<typeof resultSchema>;
/**
 * A child that the search judged: its costs, and the accuracy that is expected of it.
 * @interface
 */
export type Candidate = SearchResult["candidates"][number];

/** How many children were judged: one that is within no budget saw no images. */
export const judgedIn = ({ candidates }: Pick<SearchResult, "candidates">): number =>
  candidates.filter(({ count }) => count > 0).length;

/** What a search must have in common with the one that it resumes. */
export type SearchIdentity = Omit<SearchResult, "complete" | "judgedImages" | "candidates" | "front" | "chosen">;

export const searchFile: DocumentKind<typeof searchSchema> = {
  schema: searchSchema,
  code: "search/resume",
  fix: "Search again without --resume.",
  want: "a search.json",
  unreadable: { fix: "Change its permissions." },
  seal: orderedSeal,
};

const shown = (value: unknown): string => (value === undefined ? "not given" : JSON.stringify(value).slice(0, 80));

export const writeSearch = (file: string, result: SearchResult): Promise<void> =>
  writeJsonAtomic(file, sealed(result, orderedSeal));

/**
 * The candidates that a search of this identity has judged before, by id.
 * @throws UserError `search/resume` where the file is damaged or of another search
 */
export async function judgedBefore(file: string, identity: SearchIdentity): Promise<ReadonlyMap<string, Candidate>> {
  const found = await readDocumentIfAny(file, searchFile);
  if (!found) return new Map();
  const keys = Object.keys(identity) as (keyof SearchIdentity)[];
  const problems = keys
    .filter((key) => JSON.stringify(found[key]) !== JSON.stringify(identity[key]))
    .map((key) => ({
      at: `${file}: ${key}`,
      got: shown(found[key]),
      want: `${shown(identity[key])}, as asked for now`,
      fix: "Resume with the options that the search was started with, or search again without --resume.",
    }));
  if (problems.length > 0) throw new UserError("search/resume", problems);
  return new Map(found.candidates.map((candidate) => [candidate.id, candidate]));
}
