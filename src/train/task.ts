/** What stays the same over a run, and every norm group of it is given. */
import type { Key } from "../base/random.js";
import type { Normalization } from "../data/preprocessing.js";
import type { ImageFacts } from "../data/images.js";
import type { TrainingPrecision } from "../engine/engine.js";
import type { Layout } from "../graph/layout.js";
import type { Supernet } from "../supernet/supernet.js";
import type { RoundedSteps } from "./quantization.js";
import type { Recipe } from "./recipe.js";

/** How a child runs: by masks on the whole supernet, or by its slice of the weights. One function, two costs. */
export type Execution = "masked" | "sliced";

/** What names the random streams of an epoch's augmentation. */
export const augmentationKey = (seed: number, epoch: number): readonly Key[] => [seed, "augment", epoch];

/** What stays the same over a run. */
export interface Task {
  readonly supernet: Supernet;
  readonly layout: Layout;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly execution: Execution;
  /** The steps that round weights and activations, if any do. */
  readonly rounded: RoundedSteps | undefined;
  /** How products are made. */
  readonly precision: TrainingPrecision;
  readonly images: ImageFacts;
  readonly normalization: Normalization;
  /** Images per step and per norm group. */
  readonly batch: number;
  readonly group: number;
}
