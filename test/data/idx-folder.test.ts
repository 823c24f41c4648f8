/** Which files of a folder are the data set's, and what its classes are called. */
import { copyFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { sha256Of } from "../../src/base/hash.js";
import { loadIdxFolder } from "../../src/data/binary/idx-folder.js";
import { fashionClasses, knownClasses, knownIdx } from "../../src/data/binary/known-idx.js";
import { loadDataset } from "../../src/data/load.js";
import { temporaryFolder } from "../temporary-folder.js";

// The official files are too big for the repository: one test gives the hash of labels of its own.
vi.mock(import("../../src/data/binary/known-idx.js"), { spy: true });

const usual = [
  "train-images-idx3-ubyte",
  "train-labels-idx1-ubyte",
  "t10k-images-idx3-ubyte",
  "t10k-labels-idx1-ubyte",
] as const;
const wishes = { size: 28, channels: 1 } as const;

function idx(magic: number, sizes: readonly number[], content: readonly number[]): Buffer {
  const words = Buffer.alloc(4 + 4 * sizes.length);
  [magic, ...sizes].forEach((word, i) => words.writeUInt32BE(word, 4 * i));
  return Buffer.concat([words, Buffer.from(content)]);
}

/** The four files of one-pixel images: training and test images have these labels. */
async function folderOf(labels: readonly number[], names: readonly string[] = usual): Promise<string> {
  const folder = await temporaryFolder();
  const count = labels.length;
  const files = [idx(0x803, [count, 1, 1], Array<number>(count).fill(7)), idx(0x801, [count], labels)];
  for (const [i, name] of names.entries()) await writeFile(join(folder, name), files[i % 2]!);
  return folder;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test("ten classes of anything are not called trousers", async () => {
  const { classes } = await loadDataset(await folderOf(range(0, 9)), wishes);
  expect(classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
});

test("EMNIST: 47 classes, under the names of its own files", async () => {
  const names = usual.map((name) => `emnist-balanced-${name.replace("t10k", "test")}`);
  const data = await loadDataset(await folderOf(range(0, 46), names), wishes);
  expect(data.classes).toEqual(range(0, 46).map(String));
  expect([...data.test.labels]).toEqual(range(0, 46));
});

test("labels need not start at 0, as EMNIST's letters do not; 256 classes are the most", async () => {
  const letters = await loadDataset(await folderOf(range(1, 26)), wishes);
  expect(letters.classes).toEqual(range(1, 26).map(String));
  expect([...letters.train.labels]).toEqual(range(0, 25));
  expect((await loadDataset(await folderOf(range(0, 255)), wishes)).classes).toHaveLength(256);
});

test("a dot for the first hyphen, as some mirrors have it", async () => {
  const names = usual.map((name) => name.replace("-idx", ".idx"));
  expect((await loadDataset(await folderOf([0, 1], names), wishes)).classes).toEqual(["0", "1"]);
});

test("classes.txt names the labels that occur, lowest first; another number of names is refused", async () => {
  const folder = await folderOf([5, 3, 3, 8]);
  await writeFile(join(folder, "classes.txt"), "cat\r\ndog\r\n\r\n grey owl \r\n");
  const data = await loadDataset(folder, wishes);
  expect(data.classes).toEqual(["cat", "dog", "grey owl"]);
  expect([...data.train.labels]).toEqual([1, 0, 0, 2]);
  await writeFile(join(folder, "classes.txt"), "cat\ndog\n");
  await expect(loadDataset(folder, wishes)).rejects.toMatchObject({
    code: "data/classes",
    message: expect.stringContaining("classes.txt is with 2 names; want 3: one a line") as string,
  });
});

test("the package's own images have their names by classes.txt; a copy without it has them by its source's name", async () => {
  expect((await loadDataset("fixtures/fashion-mnist", wishes)).classes).toEqual(fashionClasses);
  const folder = await temporaryFolder();
  for (const name of usual) await copyFile(join("fixtures/fashion-mnist", `${name}.gz`), join(folder, `${name}.gz`));
  expect((await loadDataset(folder, wishes)).classes).toEqual(range(0, 9).map(String));
  expect((await loadDataset(`fashion-mnist:${folder}`, wishes)).classes).toEqual(fashionClasses);
});

test("labels whose file is a known data set's have its names", async () => {
  for (const { classes, sha256 } of Object.values(knownIdx))
    expect(knownClasses(sha256["train-labels-idx1-ubyte"])).toEqual(classes);
  const labels = range(0, 9);
  const file = idx(0x801, [10], labels);
  const sha256 = sha256Of(file);
  vi.mocked(knownClasses).mockImplementationOnce((found) => (found === sha256 ? fashionClasses : undefined));
  expect((await loadDataset(await folderOf(labels), wishes)).classes).toEqual(fashionClasses);
});

test("files of several data sets in one folder are refused, with their names", async () => {
  const folder = await folderOf([0, 1]);
  for (const name of usual) await copyFile(join(folder, name), join(folder, `emnist-digits-${name}`));
  await expect(loadIdxFolder("data", folder)).rejects.toMatchObject({
    code: "data/several",
    message: expect.stringContaining("emnist-digits-train-images-idx3-ubyte") as string,
  });
});

test("pixels that are in memory can be had at once, the same as those that are read", async () => {
  const { train } = await loadDataset("fixtures/fashion-mnist", { size: 28, channels: 1 });
  expect(train.pixels).toHaveLength(train.count * 784);
  expect(await train.read([7, 3])).toEqual(
    Uint8Array.from([...train.pixels!.subarray(7 * 784, 8 * 784), ...train.pixels!.subarray(3 * 784, 4 * 784)]),
  );
});

test("names in another case are known; unknown ones, and a folder around them, are named with the usual ones", async () => {
  const upper = usual.map((name) => name.replace(/^./, (letter) => letter.toUpperCase()));
  expect((await loadDataset(await folderOf([0, 1], upper), wishes)).classes).toEqual(["0", "1"]);
  const short = await folderOf([0, 1], ["train-images.idx", "train-labels.idx", "t10k-images.idx", "t10k-labels.idx"]);
  await expect(loadDataset(short, wishes)).rejects.toMatchObject({
    code: "data/layout",
    message: expect.stringMatching(/with t10k-images\.idx; want .*train-images-idx3-ubyte/) as string,
  });
  const around = await temporaryFolder();
  await rename(await folderOf([0, 1]), join(around, "raw"));
  await expect(loadDataset(around, wishes)).rejects.toMatchObject({
    code: "data/layout",
    message: expect.stringContaining(`Give the folder of the IDX files, ${join(around, "raw")}.`) as string,
  });
});

test("two classes of one name are refused", async () => {
  const folder = await folderOf([0, 1, 2]);
  await writeFile(join(folder, "classes.txt"), "a\nb\na\n");
  await expect(loadDataset(folder, wishes)).rejects.toMatchObject({ code: "data/classes" });
});
