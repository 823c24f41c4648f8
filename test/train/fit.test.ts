import { expect, test } from "vitest";
import { checkFit } from "../../src/train/fit.js";
import { loadSpace } from "../../src/supernet/spaces.js";
import { images, tinyRecipe, tinySpace, trainTiny } from "./tiny.js";

test("a space, its data and a recipe that agree pass", () => {
  expect(() => checkFit(tinySpace, images, tinyRecipe())).not.toThrow();
  // A batch below the norm group is one group.
  expect(() => checkFit(tinySpace, images, tinyRecipe({ batch: 6, normGroup: 8 }))).not.toThrow();
});

test("all that doesn't agree is said at once, each with its way out", async () => {
  const imagenet = await loadSpace("ofa-mbv3");
  const error = (() => {
    try {
      checkFit(imagenet, images, tinyRecipe({ batch: 30, normGroup: 8 }));
    } catch (caught) {
      return caught as Error;
    }
    return undefined;
  })();
  expect(error!.message.split("\n")).toEqual([
    'the data set is of 10 classes; want 1000, as the space ofa-mbv3 has. Set "classes": 10 in the space.',
    'the data set is of 1 channels; want 3, as the space ofa-mbv3 has. Set "channels": 1 in the space.',
    "batch is 30; want a multiple of normGroup, 8. Change the batch, --norm-group, or normGroup in the recipe.",
  ]);
});

test("a norm group of one image, or of a part, is refused", () => {
  for (const normGroup of [1, 2.5, NaN]) {
    expect(() => checkFit(tinySpace, images, { ...tinyRecipe(), normGroup })).toThrow(
      `normGroup is ${normGroup}; want a whole number from 2 on`,
    );
  }
});

test("batch norm needs two images, and an epoch at least one batch", async () => {
  expect(() => checkFit(tinySpace, images, tinyRecipe({ batch: 1 }))).toThrow("batch is 1; want at least 2");
  await expect(trainTiny({ steps: 1, recipe: { batch: 16000 } })).rejects.toThrow(
    "batch is 16000; want at most 9000, the training images without the validation part",
  );
});
