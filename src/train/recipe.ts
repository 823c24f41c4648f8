/**
 * The training recipe: every technique is a named option with BigNAS's value (arXiv 2003.11142, section 3) as default.
 */
import { z } from "zod";
import { readDocument } from "../base/document.js";
import { augmentationSchema } from "../data/augment/augmentation.js";
import { evaluationSchema } from "../data/preprocessing.js";
import paper from "./recipes/paper.json" with { type: "json" };
import short from "./recipes/short.json" with { type: "json" };

const share = z.number().min(0).max(1);

export const recipeSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().min(1),
    description: z.string().optional(),
    epochs: z
      .number()
      .min(0.001)
      .max(1e6)
      .default(360)
      .describe("Passes over the training images; --epochs and --steps override it."),
    batch: z.number().int().min(1).default(4096).describe("Images per step; --batch overrides it."),
    normGroup: z
      .number()
      .int()
      .min(2)
      .default(64)
      .describe("Images that share batch norm statistics: the unit of parallel work. It must divide the batch."),
    sandwich: z
      .strictObject({
        smallest: z.boolean().default(true),
        random: z.number().int().min(0).max(16).default(2).describe("Random children per step."),
        drawnPer: z
          .enum(["step", "group"])
          .default("step")
          .describe(
            "step: all norm groups train the same random children. group: each draws its own, so that a step trains more of them at the same cost.",
          ),
      })
      .prefault({})
      .describe("The sandwich rule: children trained in every step along with the biggest."),
    distillation: z
      .enum(["inplace", "none"])
      .default("inplace")
      .describe("inplace: smaller children learn the biggest child's soft labels only. none: the true labels."),
    lastGamma: z
      .enum(["zero", "one"])
      .default("zero")
      .describe("Initial gamma of the last batch norm in residual blocks."),
    optimizer: z
      .discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("rmsprop"),
          decay: share.default(0.9),
          momentum: share.default(0.9),
          epsilon: z
            .number()
            .positive()
            .max(1)
            .default(1e-3)
            .describe("Added inside the square root, as in TensorFlow."),
        }),
        z.strictObject({ kind: z.literal("sgd-nesterov"), momentum: share.default(0.9) }),
      ])
      .prefault({ kind: "rmsprop" }),
    learningRate: z
      .strictObject({
        perImage: z
          .number()
          .positive()
          // Beyond this the rate is no float32.
          .max(1e30)
          .default(0.256 / 4096)
          .describe("Peak rate divided by the batch size: the rate scales with the batch."),
        schedule: z
          .discriminatedUnion("kind", [
            z.strictObject({
              kind: z.literal("exponential"),
              decay: share.default(0.97),
              everyEpochs: z.number().positive().max(1e6).default(2.4),
              ending: share
                .default(0.05)
                .describe("The rate never falls below this share of its peak (constant ending)."),
            }),
            z.strictObject({ kind: z.literal("cosine"), ending: share.default(0) }),
          ])
          .prefault({ kind: "exponential" }),
        warmupEpochs: z.number().min(0).max(1e6).default(5),
      })
      .prefault({}),
    labelSmoothing: share.default(0.1),
    dropout: z.number().min(0).max(0.95).default(0.2),
    weightDecay: z.number().min(0).max(10).default(1e-5),
    regularize: z
      .enum(["biggest", "all"])
      .default("biggest")
      .describe("The children that dropout and weight decay apply to."),
    clipNorm: z
      .number()
      .positive()
      .max(1e6)
      .nullable()
      .default(null)
      .describe("Largest global norm of the gradient; null: no clipping."),
    averaging: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("Decay of a moving average of the weights, which the checkpoint then holds; 0: the last weights."),
    quantization: z
      .strictObject({
        from: share
          .default(0.5)
          .describe("Share of the run's steps after which rounding begins: 0, from the first step on; 1, never."),
        bits: z.number().int().min(4).max(8).default(8).describe("Bits of weights and activations; files have 8."),
      })
      .nullable()
      .default(null)
      .describe(
        "Rounds weights and activations in training as int8 children do, for children that int8 costs accuracy; null: it doesn't (docs/precisions.md).",
      ),
    augmentation: augmentationSchema.prefault({}),
    evaluation: evaluationSchema.optional(),
    validationShare: z.number().gt(0).lt(0.9).default(0.1).describe("Training images set aside for the search."),
    validationImages: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe(
        "At least so many are set aside, up to 30 % of a small data set: 3,000 tell children apart that differ by 1 to 2 points.",
      ),
    sampling: z
      .enum(["even", "balanced"])
      .default("even")
      .describe(
        "even: each training image once an epoch. balanced: as many of every class, so that images of small classes come several times.",
      ),
  })
  .describe("A nestling training recipe.");

/**
 * How to train: every field of docs/recipe.md, defaults filled in.
 * @interface
 */
export type Recipe = z.output<typeof recipeSchema>;

/** The recipe at another batch: its norm groups get the size nearest to the recipe's of which the batch is a multiple. */
export function withBatch(recipe: Recipe, batch: number): Recipe {
  const sizes = groupSizes(batch);
  const distance = (size: number): number => Math.abs(Math.log(size / recipe.normGroup));
  const [nearest = recipe.normGroup] = sizes.sort((a, b) => distance(a) - distance(b) || a - b);
  return { ...recipe, batch, normGroup: nearest };
}

/** Sizes that norm groups of a batch can have, in no order; none of a batch of one image. */
export function groupSizes(batch: number): number[] {
  const roots = Array.from({ length: Math.floor(Math.sqrt(batch)) }, (_, i) => i + 1);
  return roots.flatMap((size) => (batch % size === 0 ? [size, batch / size] : [])).filter((size) => size > 1);
}

/** A data set of which the recipe would set aside more than this share gives no more. */
const LARGEST_VALIDATION_SHARE = 0.3;

/** The share of `count` training images that a recipe sets aside for the search. */
export function validationShareOf({ validationShare, validationImages }: Recipe, count: number): number {
  return Math.max(validationShare, Math.min(validationImages / count, LARGEST_VALIDATION_SHARE));
}

const shipped: ReadonlyMap<string, unknown> = new Map([paper, short].map((recipe) => [recipe.name, recipe]));
/** Names of the recipes that come with the package. */
export const shippedRecipes: readonly string[] = [...shipped.keys()];

/**
 * A shipped recipe by name, or one from a JSON file.
 * @throws UserError `train/recipe`
 */
export async function loadRecipe(nameOrPath: string): Promise<Recipe> {
  const known = shipped.get(nameOrPath);
  if (known) return recipeSchema.parse(known);
  return readDocument(nameOrPath, {
    schema: recipeSchema,
    code: "train/recipe",
    fix: "See docs/recipe.md.",
    want: `a shipped recipe (${shippedRecipes.join(", ")}) or a JSON file`,
  });
}
