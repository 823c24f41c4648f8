import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import { allPixels, firsts } from "./all-pixels.js";
import { folderOf, picture, SIDE } from "./picture-folder.js";

const grey = { size: SIDE, channels: 1 } as const;
const colour = { size: SIDE, channels: 3 } as const;

test("train/ and test/: classes are the folders' names in order, images the files in order", async () => {
  const folder = await folderOf({
    "train/b/1.png": await picture([20]),
    "train/a/2.png": await picture([12]),
    "train/a/1.png": await picture([11]),
    "train/a/notes.txt": Buffer.from("not an image"),
    "test/b/x.png": await picture([30]),
  });
  const { classes, train, test: held } = await loadDataset(folder, grey);
  expect(classes).toEqual(["a", "b"]);
  expect([...train.labels]).toEqual([0, 0, 1]);
  expect(await firsts(train)).toEqual([[11], [12], [20]]);
  expect([...held.labels]).toEqual([1]);
  expect(await firsts(held)).toEqual([[30]]);
});

test("train/ and val/ are the same layout", async () => {
  const one = await picture([1]);
  const folder = await folderOf({ "train/a/1.png": one, "train/b/1.png": one, "val/a/1.png": one });
  const { train, test: held } = await loadDataset(folder, grey);
  expect([train.count, held.count]).toEqual([2, 1]);
});

test("class folders alone: every fifth image of a class is held out", async () => {
  const files = await Promise.all(
    ["a", "b"].flatMap((name, label) =>
      Array.from(
        { length: 5 + 5 * label },
        async (_, i) => [`${name}/${i}.png`, await picture([100 * label + i])] as const,
      ),
    ),
  );
  const { train, test: held } = await loadDataset(await folderOf(Object.fromEntries(files)), grey);
  expect((await firsts(train)).flat()).toEqual([0, 1, 2, 3, 100, 101, 102, 103, 105, 106, 107, 108]);
  expect((await firsts(held)).flat()).toEqual([4, 104, 109]);
  expect([...held.labels]).toEqual([0, 1, 1]);
});

test("grey, RGB, RGBA, 16-bit and CMYK images all become what the space wants", async () => {
  const sixteen = await sharp({
    create: { width: SIDE, height: SIDE, channels: 3, background: { r: 60, g: 60, b: 60 } },
  })
    .toColourspace("rgb16")
    .png()
    .toBuffer();
  const cmyk = await sharp(await picture([255, 255, 255]))
    .toColourspace("cmyk")
    .jpeg()
    .toBuffer();
  const files = {
    "1.png": await picture([60]),
    "2.png": await picture([60, 60, 60]),
    "3.png": await picture([60, 60, 60, 128]),
    "4.png": sixteen,
    "5.jpg": cmyk,
  };
  const layout = ["train/a", "train/b", "test/a"].flatMap((part) =>
    Object.entries(files).map(([name, bytes]) => [`${part}/${name}`, bytes] as const),
  );
  const folder = await folderOf(Object.fromEntries(layout));
  const inGrey = await allPixels((await loadDataset(folder, grey)).test);
  expect(inGrey.pixels).toHaveLength(5 * SIDE * SIDE);
  const inColour = await allPixels((await loadDataset(folder, colour)).test);
  expect(inColour.pixels).toHaveLength(5 * SIDE * SIDE * 3);
  const wanted = [60, 60, 60, 60, 255];
  wanted.forEach((value, i) => {
    for (const { pixels } of [inGrey, inColour]) {
      const floats = pixels.length / 5;
      const own = pixels.subarray(i * floats, (i + 1) * floats);
      expect(Math.max(...own) - value, `image ${i + 1}`).toBeLessThanOrEqual(3);
      expect(value - Math.min(...own), `image ${i + 1}`).toBeLessThanOrEqual(3);
    }
  });
});

test("an RGB pixel keeps the order red, green, blue", async () => {
  const one = await picture([10, 120, 230]);
  const { train } = await loadDataset(
    await folderOf({ "train/a/1.png": one, "train/b/1.png": one, "test/a/1.png": one }),
    colour,
  );
  expect((await firsts(train))[0]).toEqual([10, 120, 230]);
  expect([...(await allPixels(train)).pixels.subarray(-3)]).toEqual([10, 120, 230]);
});

test("an image of another shape is brought to the size by its shorter side", async () => {
  const wide = await picture([77], 40, 16);
  const { train } = await loadDataset(
    await folderOf({ "train/a/1.png": wide, "train/b/1.png": wide, "test/a/1.png": wide }),
    grey,
  );
  expect(train).toMatchObject({ height: SIDE, width: SIDE });
  expect(new Set((await allPixels(train)).pixels)).toEqual(new Set([77]));
});

test("an empty class is refused by name", async () => {
  const one = await picture([1]);
  const folder = await folderOf({
    "train/a/1.png": one,
    "train/none/readme.txt": Buffer.from(""),
    "test/a/1.png": one,
  });
  await expect(loadDataset(folder, grey)).rejects.toMatchObject({
    code: "data/classes",
    message: expect.stringContaining("without training images of none;") as string,
  });
});

test("a test folder with a class that has no training images is refused by name", async () => {
  const one = await picture([1]);
  const folder = await folderOf({ "train/a/1.png": one, "train/b/1.png": one, "test/c/1.png": one });
  await expect(loadDataset(folder, grey)).rejects.toMatchObject({
    code: "data/classes",
    problems: [{ at: join(folder, "test"), got: "c" }],
  });
});

test("too few images to hold any out are refused", async () => {
  const one = await picture([1]);
  const folder = await folderOf({ "a/1.png": one, "b/1.png": one, "b/2.png": one });
  await expect(loadDataset(folder, grey)).rejects.toMatchObject({ code: "data/test" });
});

test.each([
  ["without folders", ["readme.txt"], "is without classes"],
  ["with one class", ["a/1.png", "a/2.png"], "is with one class, a;"],
])("a folder %s is refused", async (_, names, message) => {
  const one = await picture([1]);
  const folder = await folderOf(Object.fromEntries(names.map((name) => [name, one])));
  await expect(loadDataset(folder, grey)).rejects.toMatchObject({
    code: "data/classes",
    message: expect.stringContaining(message) as string,
  });
});

test("every image that can't be read is named at once", async () => {
  const whole = await picture([9], 64);
  const folder = await folderOf({
    "train/a/1.png": whole,
    "train/a/cut.png": whole.subarray(0, 60),
    "train/b/1.png": whole,
    "train/b/text.jpg": Buffer.from("this is no image"),
    "train/b/void.webp": Buffer.alloc(0),
    "test/a/1.png": whole,
  });
  await expect(loadDataset(folder, grey)).rejects.toMatchObject({
    code: "data/unreadable",
    problems: ["train/a/cut.png", "train/b/text.jpg", "train/b/void.webp"].map((name) => ({ at: join(folder, name) })),
  });
});

test("of many unreadable images twenty are named and the others counted", async () => {
  const bad = Array.from(
    { length: 25 },
    (_, i) => [`train/a/${String(i).padStart(2, "0")}.png`, Buffer.from("no")] as const,
  );
  const one = await picture([1]);
  const folder = await folderOf({ ...Object.fromEntries(bad), "train/b/1.png": one, "test/a/1.png": one });
  const error: unknown = await loadDataset(folder, grey).catch((reason: unknown) => reason);
  const { problems } = error as { problems: { at: string; got: string }[] };
  expect(problems).toHaveLength(21);
  expect(problems[0]!.at).toBe(join(folder, "train/a/00.png"));
  expect(problems[20]!.got).toBe("5 images like these");
});
