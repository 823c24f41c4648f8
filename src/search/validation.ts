/** Which part of the validation images screens every child, and how many images it takes to decide anything. */
import { UserError } from "../base/user-error.js";

/** Share of the validation images that screens; the rest is set aside for the final. */
const SCREENING = 0.5;

/**
 * The fewest images on which two children can be told apart. Where they differ on one image in five, always to the same side, 30 images show 6
 * differences, and six of the same sign have a probability of 2 · 0.5⁶ = 3 % by chance.
 */
export const fewestImages = 30;

export const screeningImagesOf = (validationImages: number): number => Math.ceil(SCREENING * validationImages);

/** @throws UserError `search/validation` */
export function refuseTooFew(validationImages: number, trainingImages: number): void {
  if (validationImages >= fewestImages) return;
  const all = validationImages + trainingImages;
  throw new UserError("search/validation", {
    at: "validation images of the run",
    got: `${validationImages} of ${all} training images`,
    want: `at least ${fewestImages}: on fewer no two children can be told apart`,
    fix: "Train on more images, or with a larger validationShare in the recipe; nestling export needs no validation images.",
  });
}
