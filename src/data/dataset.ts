/** Puts a data set together: checks what no format alone can check, and measures what normalisation needs. */
import { UserError } from "../base/user-error.js";
import { aboutData, type SourceNotes } from "./about.js";
import type { Dataset, ImageFacts, Images } from "./images.js";
import { surveyOf, type Survey } from "./survey.js";

/**
 * @param survey of the images, where it is known
 * @throws UserError `data/classes` when fewer than two classes have training images, or one has none; `data/test` without test
 * images; `data/size` when these have another size
 */
export async function makeDataset(
  name: string,
  classes: readonly string[],
  parts: Readonly<Record<"train" | "test", Images>>,
  notes: SourceNotes,
  survey?: Survey,
): Promise<Dataset> {
  const { train, test } = parts;
  if (classes.length < 2) {
    throw new UserError("data/classes", {
      at: name,
      got: classes.length === 0 ? "without classes" : `with one class, ${classes.join()}`,
      want: "a folder of images for each of at least two classes, in train/ and test/ or without these",
      fix: "Sort the images into folders that are named after their classes.",
    });
  }
  const twice = classes.find((own, label) => classes.indexOf(own) !== label);
  if (twice !== undefined) {
    throw new UserError("data/classes", {
      at: name,
      got: `with two classes ${twice}`,
      want: "classes of different names",
      fix: "Rename one of them.",
    });
  }
  const seen = new Set(train.labels);
  const empty = classes.filter((_, label) => !seen.has(label));
  if (empty.length > 0) {
    throw new UserError("data/classes", {
      at: name,
      got: `without training images of ${empty.slice(0, 5).join(", ")}`,
      want: "training images of every class",
      fix: "Add images, or remove the empty class.",
    });
  }
  if (test.count === 0) {
    throw new UserError("data/test", {
      at: name,
      got: "without test images",
      want: "at least one",
      fix: "Add test images: a class of five images or more gives some of its own.",
    });
  }
  const formOf = ({ height, width, channels }: ImageFacts): string => `${height}×${width}×${channels}`;
  if (formOf(train) !== formOf(test)) {
    throw new UserError("data/size", {
      at: name,
      got: `of ${formOf(train)} training and ${formOf(test)} test images`,
      want: "one size for both",
      fix: "The files are of two data sets: fetch them again.",
    });
  }
  const { validation, broken = [] } = notes;
  return {
    ...{ name, classes, train, test, broken },
    ...(validation && { validation }),
    about: aboutData({ name, classes, train: train.labels, test: test.labels }, notes),
    ...(survey ?? (await surveyOf(parts, validation))),
  };
}
