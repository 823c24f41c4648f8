import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import { temporaryFolder } from "../temporary-folder.js";
import { allPixels } from "./all-pixels.js";

const PLANE = 32 * 32;
const wishes = { size: 32, channels: 3 } as const;

/** Records of one label and three planes; a pixel's value says its image, channel and place. */
const value = (image: number, channel: number, place: number): number => (image * 31 + channel * 101 + place) % 256;
const records = (labels: readonly (readonly number[])[], first = 0): Buffer =>
  Buffer.concat(
    labels.map((bytes, i) =>
      Buffer.from([
        ...bytes,
        ...Array.from({ length: 3 * PLANE }, (_, at) => value(first + i, Math.floor(at / PLANE), at % PLANE)),
      ]),
    ),
  );

async function cifar10(files: Readonly<Record<string, Buffer>> = {}): Promise<string> {
  const folder = await temporaryFolder();
  const batches = [1, 2, 3, 4, 5].map((batch) => {
    const labels = [[2 * (batch - 1)], [2 * (batch - 1) + 1]];
    return [`data_batch_${batch}.bin`, records(labels, 2 * (batch - 1))] as const;
  });
  const all = { ...Object.fromEntries(batches), "test_batch.bin": records([[9], [0], [9]]), ...files };
  await Promise.all(Object.entries(all).map(([name, bytes]) => writeFile(join(folder, name), bytes)));
  return folder;
}

test("CIFAR-10: five files in their order, planes become pixels, labels come first", async () => {
  const { train, test: held, classes } = await loadDataset(`cifar10:${await cifar10()}`, wishes);
  expect(train).toMatchObject({ count: 10, height: 32, width: 32, channels: 3 });
  expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([...held.labels]).toEqual([9, 0, 9]);
  expect(classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  const wanted = Uint8Array.from({ length: 10 * PLANE * 3 }, (_, i) =>
    value(Math.floor(i / (3 * PLANE)), i % 3, Math.floor(i / 3) % PLANE),
  );
  expect(Buffer.from((await allPixels(train)).pixels).equals(Buffer.from(wanted))).toBe(true);
});

test("CIFAR-10: class names are read from their file", async () => {
  const names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
  const folder = await cifar10({ "batches.meta.txt": Buffer.from(`${names.join("\n")}\n\n`) });
  expect((await loadDataset(`cifar10:${folder}`, wishes)).classes).toEqual(names);
});

test("CIFAR-100: the second byte, the fine label, counts", async () => {
  const folder = await temporaryFolder();
  const fine = Array.from({ length: 100 }, (_, i) => [i % 20, i]);
  await writeFile(join(folder, "train.bin"), records(fine));
  await writeFile(join(folder, "test.bin"), records([[3, 77]]));
  const { train, test: held, classes } = await loadDataset(`cifar100:${folder}`, wishes);
  expect([...train.labels]).toEqual(fine.map(([, label]) => label));
  expect([...held.labels]).toEqual([77]);
  expect(classes).toHaveLength(100);
  expect((await allPixels(held)).pixels[3 * 5 + 2]).toBe(value(0, 2, 5));
});

test.each([
  ["cut off", records([[0]]).subarray(0, -1), "is 3072 bytes long; want a multiple of 3073"],
  ["empty", Buffer.alloc(0), "is 0 bytes long"],
  ["of the other version", records([[0, 1]]), "is 3074 bytes long"],
  ["with a label that is no class", records([[3], [10]]), "is with label 10 at byte 3073; want labels below 10"],
])("a file %s is refused by name", async (_, bytes, message) => {
  const folder = await cifar10({ "data_batch_3.bin": bytes });
  await expect(loadDataset(`cifar10:${folder}`, wishes)).rejects.toMatchObject({
    code: "data/corrupt",
    message: expect.stringContaining(`${join(folder, "data_batch_3.bin")} ${message}`) as string,
  });
});

test("a missing file is refused by name", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "train.bin"), records([[0, 0]]));
  await expect(loadDataset(`cifar100:${folder}`, wishes)).rejects.toMatchObject({
    code: "data/missing",
    problems: [{ at: join(folder, "test.bin"), got: "missing" }],
  });
});

test("a class without training images is refused by name", async () => {
  const folder = await cifar10({ "data_batch_5.bin": records([[0], [9]]) });
  await expect(loadDataset(`cifar10:${folder}`, wishes)).rejects.toMatchObject({
    code: "data/classes",
    message: expect.stringContaining("without training images of 8;") as string,
  });
});
