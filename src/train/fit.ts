/** Checks that a space, its data and a recipe fit together, and reports every mismatch before the work starts. */
import { UserError } from "../base/user-error.js";
import type { Dataset } from "../data/images.js";
import type { SearchSpace } from "../space/space.js";
import type { Recipe } from "./recipe.js";

/** @throws UserError `train/fit` */
export function checkFit(space: SearchSpace, data: Dataset, recipe: Recipe): void {
  const problems = [];
  if (data.classes.length !== space.classes) {
    const fix = `Set "classes": ${data.classes.length} in the space.`;
    problems.push({
      at: "the data set",
      got: `of ${data.classes.length} classes`,
      want: `${space.classes}, as the space ${space.name} has`,
      fix,
    });
  }
  if (data.train.channels !== space.channels) {
    const fix = `Set "channels": ${data.train.channels} in the space.`;
    problems.push({
      at: "the data set",
      got: `of ${data.train.channels} channels`,
      want: `${space.channels}, as the space ${space.name} has`,
      fix,
    });
  }
  const group = Math.min(recipe.normGroup, recipe.batch);
  if (recipe.batch % group !== 0) {
    const fix = "Change the batch, --norm-group, or normGroup in the recipe.";
    problems.push({ at: "batch", got: recipe.batch, want: `a multiple of normGroup, ${recipe.normGroup}`, fix });
  }
  if (recipe.normGroup < 2 || !Number.isInteger(recipe.normGroup)) {
    const fix = "Change --norm-group, or normGroup in the recipe.";
    problems.push({ at: "normGroup", got: recipe.normGroup, want: "a whole number from 2 on", fix });
  }
  if (recipe.batch < 2) {
    problems.push({ at: "batch", got: recipe.batch, want: "at least 2", fix: "Batch norm needs more than one image." });
  }
  if (problems.length > 0) throw new UserError("train/fit", problems);
}

/**
 * Reads one image in each way that the run and its judgements read all: what a pack lacks is said before anything is written.
 * @throws UserError `data/…`
 */
export async function checkPixels({ resolutions }: SearchSpace, { train }: Dataset, recipe: Recipe): Promise<void> {
  const { randomResizedCrop } = recipe.augmentation;
  await (randomResizedCrop ? train.readParts([0], { ...randomResizedCrop, key: [0] }) : train.read([0]));
  for (const resolution of resolutions) await train.read([0], resolution, recipe.evaluation);
}
