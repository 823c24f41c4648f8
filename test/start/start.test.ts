/** What nestling init chooses for pictures, and that it destroys nothing. */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadSpace } from "../../src/supernet/spaces.js";
import { recipeFor, withImages } from "../../src/start/choose-recipe.js";
import { fittingSpaces } from "../../src/start/choose-space.js";
import { loadRecipe } from "../../src/train/recipe.js";
import { folderOf, picture } from "../data/picture-folder.js";
import { nestling } from "../cli/nestling.js";
import { temporaryFolder } from "../temporary-folder.js";

test.each([
  [8, [28]],
  [28, [32, 28]],
  [60, [64, 32, 28]],
  [90, [96, 64, 32, 28]],
  [150, [160, 96, 64, 32, 28]],
  [1000, [224, 160, 96, 64, 32, 28]],
])("pictures of %s pixels: spaces that do not enlarge them much, the largest first", async (side, wanted) => {
  const spaces = await fittingSpaces(side, { classes: 7, channels: 3 });
  expect(spaces.map(({ resolutions }) => resolutions.at(-1))).toEqual(wanted);
  for (const { classes, channels } of spaces) expect([classes, channels]).toEqual([7, 3]);
});

test("a recipe mirrors nothing; small pictures are shifted, of larger ones parts are trained on", async () => {
  const [small, large] = [await recipeFor(5000, 28), await recipeFor(5000, 96)];
  expect(small.augmentation).toEqual({ crop: 1, flip: false });
  expect(large.augmentation).toMatchObject({ crop: 0, flip: false, randomResizedCrop: { scale: [0.5, 1] } });
});

test("the fewer images a training sees, the smaller its batches, in whole norm groups", async () => {
  const recipe = await recipeFor(5000, 28);
  for (const [images, wanted] of [
    [100_000, 64],
    [20_000, 32],
    [1000, 16],
  ] as const) {
    const { batch, normGroup } = withImages(recipe, images);
    expect(batch).toBe(wanted);
    expect(batch % normGroup).toBe(0);
  }
  expect((await recipeFor(6, 28)).batch).toBe(6);
});

/** Ten pictures each of two colours, and one that is broken. */
async function photos(): Promise<string> {
  const files: Record<string, Uint8Array> = { "red/broken.png": (await picture([9, 9, 9])).subarray(0, 60) };
  for (let i = 0; i < 10; i++) {
    files[`red/${i}.png`] = await picture([200 + i, 20, 20], 30, 40);
    files[`blue/${i}.png`] = await picture([20, 20, 200 + i], 50, 34);
  }
  return folderOf(files);
}

test("init says what it found, and writes a space and a recipe with which train's printed command runs", async () => {
  const [data, out] = [await photos(), await temporaryFolder()];
  const said = nestling("init", data, "--out", out, "--minutes", "0.05", "--json");
  expect(said.status, said.stderr).toBe(0);
  const found = JSON.parse(said.stdout) as {
    data: Record<string, unknown>;
    recipe: { epochs: number };
    next: string[];
  };
  expect(found.data).toMatchObject({
    classes: ["blue", "red"],
    sides: { smallest: 30, median: 30, largest: 34 },
    channels: 3,
    broken: ["red/broken.png"],
  });
  const space = await loadSpace(join(out, "space.json"));
  expect([space.classes, space.channels]).toEqual([2, 3]);
  const recipe = await loadRecipe(join(out, "recipe.json"));
  expect(recipe.epochs).toBe(found.recipe.epochs);
  for (const name of ["space.json", "recipe.json"]) {
    expect(await readFile(join(out, name), "utf8")).not.toContain("schemas/");
  }
  const [train] = found.next;
  expect(train).toContain(`--space ${join(out, "space.json")} --recipe ${join(out, "recipe.json")}`);
  expect(train).toContain("--skip-broken");
  const words = train!.split(" ").slice(1, -1);
  const trained = nestling(...words, join(out, "run"), "--steps", "2");
  expect(trained.status, trained.stderr).toBe(0);
}, 120_000);

test("a file of another content stays, and nothing is written beside it", async () => {
  const [data, out] = [await photos(), await temporaryFolder()];
  await writeFile(join(out, "recipe.json"), "{}");
  const { status, stderr } = nestling("init", data, "--out", out, "--minutes", "0.05");
  expect(status).toBe(2);
  expect(stderr).toContain("recipe.json is there already, with other content; want a new file.");
  expect(await readdir(out)).toEqual(["recipe.json"]);
  expect(await readFile(join(out, "recipe.json"), "utf8")).toBe("{}");
}, 60_000);

test("a folder that isn't there, and one class alone, are refused before anything is written", async () => {
  const out = await temporaryFolder();
  const one = await folderOf({ "red/1.png": await picture([1, 2, 3]), "red/2.png": await picture([3, 2, 1]) });
  for (const source of [join(out, "nowhere"), one]) {
    const { status, stderr } = nestling("init", source, "--out", join(out, "new"));
    expect(status, stderr).toBe(2);
  }
  expect(await readdir(out)).toEqual([]);
}, 60_000);
