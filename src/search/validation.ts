/** Which part of the validation images screens every child, and how many images it takes to decide anything. */
import { UserError } from "../base/user-error.js";
import { fewestImages } from "../data/split.js";

/** Share of the validation images that screens; the rest is set aside for the final. */
const SCREENING = 0.5;

export const screeningImagesOf = (validationImages: number): number => Math.ceil(SCREENING * validationImages);

/**
 * @param isOfSource whether the data set itself sets validation images aside
 * @throws UserError `search/validation`
 */
export function refuseTooFew(validationImages: number, trainingImages: number, isOfSource: boolean): void {
  if (validationImages >= fewestImages) return;
  const all = validationImages + trainingImages;
  throw new UserError("search/validation", {
    at: "validation images of the run",
    got: `${validationImages} of ${all} training images`,
    want: `at least ${fewestImages}: on fewer no two children can be told apart`,
    fix: `${isOfSource ? "Put more images into the data set's validation part, and train anew" : "Train on more images, or with a larger validationShare in the recipe"}; nestling export needs no validation images.`,
  });
}
