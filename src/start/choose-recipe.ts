/** The recipe `short`, fitted to a number and a size of pictures. */
import { loadRecipe, recipeSchema, withBatch, type Recipe } from "../train/recipe.js";

/** A training with fewer steps gets smaller batches, down to the smallest: it learns more from as many images. */
const ENOUGH_STEPS = 600;
const SMALLEST_BATCH = 16;
/** From so many pixels on, parts of pictures are trained on; smaller pictures are shifted. */
const CROPPED_FROM = 64;

/**
 * @param count training images, without the validation part
 * @param size largest resolution of the space, in pixels
 */
export async function recipeFor(count: number, size: number): Promise<Recipe> {
  const short = await loadRecipe("short");
  const augmentation = size < CROPPED_FROM ? { crop: size < 32 ? 1 : 2 } : { randomResizedCrop: { scale: [0.5, 1] } };
  const name = `pictures-${size}`;
  const description = "The shipped recipe short, fitted to these pictures by nestling init.";
  return recipeSchema.parse({ ...withBatch(short, Math.min(short.batch, count)), name, description, augmentation });
}

/** The recipe for a training that sees so many images, repeated ones too. */
export function withImages(recipe: Recipe, images: number): Recipe {
  let { batch } = recipe;
  while (batch % 2 === 0 && batch / 2 >= SMALLEST_BATCH && images / batch < ENOUGH_STEPS) batch /= 2;
  return withBatch(recipe, batch);
}
