import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { idxNames, readIdx } from "../../src/data/binary/idx.js";
import { loadDataset } from "../../src/data/load.js";
import { temporaryFolder } from "../temporary-folder.js";

const CLASSES = 10;

function idx(magic: number, sizes: readonly number[], content: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  [magic, ...sizes].forEach((word, i) => header.writeUInt32BE(word, 4 * i));
  return Buffer.concat([header, content]);
}

const imagesOf = (count: number, side = 3): Buffer =>
  idx(
    0x803,
    [count, side, side],
    Uint8Array.from({ length: count * side * side }, (_, i) => i % 256),
  );
const labelsOf = (count: number): Buffer =>
  idx(
    0x801,
    [count],
    Uint8Array.from({ length: count }, (_, i) => i % CLASSES),
  );

/** Writes one part's two files and reads them back. */
async function readBack(images: Uint8Array, labels: Uint8Array, suffix = "") {
  const folder = await temporaryFolder();
  const [imagesName, labelsName] = idxNames.train;
  await writeFile(join(folder, imagesName + suffix), images);
  await writeFile(join(folder, labelsName + suffix), labels);
  return (await readIdx(folder, idxNames.train, CLASSES)).images;
}

test("what is written is read, plain and gzipped", async () => {
  const image = (side: number) => fc.uint8Array({ minLength: side * side, maxLength: side * side });
  const part = fc
    .integer({ min: 1, max: 5 })
    .chain((side) => fc.array(fc.tuple(image(side), fc.nat(CLASSES - 1))).map((all) => ({ side, all })));
  await fc.assert(
    fc.asyncProperty(part, fc.boolean(), async ({ side, all }, zipped) => {
      const pixels = Buffer.concat(all.map(([bytes]) => bytes));
      const labels = all.map(([, label]) => label);
      const files = [idx(0x803, [all.length, side, side], pixels), idx(0x801, [all.length], Uint8Array.from(labels))];
      const [imageFile, labelFile] = zipped ? files.map((file) => gzipSync(file)) : files;
      const read = await readBack(imageFile!, labelFile!, zipped ? ".gz" : "");
      expect(read).toMatchObject({ count: all.length, height: side, width: side, channels: 1 });
      expect(Buffer.from(read.pixels).equals(pixels)).toBe(true);
      expect([...read.labels]).toEqual(labels);
    }),
    { numRuns: 50 },
  );
});

test("a file cut off anywhere is refused, plain and gzipped", async () => {
  const [images, labels] = [imagesOf(4), labelsOf(4)];
  for (let length = 0; length < images.length; length++)
    await expect(readBack(images.subarray(0, length), labels)).rejects.toMatchObject({ code: "data/corrupt" });
  for (let length = 0; length < labels.length; length++)
    await expect(readBack(images, labels.subarray(0, length))).rejects.toMatchObject({ code: "data/corrupt" });
  const zipped = gzipSync(images);
  for (let length = 0; length < zipped.length; length++) {
    await expect(readBack(zipped.subarray(0, length), gzipSync(labels), ".gz")).rejects.toMatchObject({
      code: "data/corrupt",
      message: expect.stringContaining("train-images-idx3-ubyte.gz is not gzip, or cut off") as string,
    });
  }
});

test.each([
  ["images with the labels' magic number", labelsOf(20), labelsOf(20), "magic number 2051"],
  ["labels with the images' magic number", imagesOf(4), imagesOf(4), "magic number 2049"],
  ["more labels than images", imagesOf(4), labelsOf(5), "is for 5 images; want 4 labels"],
  ["fewer labels than images", imagesOf(4), labelsOf(3), "is for 3 images; want 4 labels"],
  ["a byte too many", Buffer.concat([imagesOf(4), Buffer.of(0)]), labelsOf(4), "is 53 bytes long; want 52 bytes"],
  ["images that are not square", idx(0x803, [1, 2, 3], new Uint8Array(6)), labelsOf(1), "2×3 images"],
  [
    "a label that is no class",
    imagesOf(1),
    idx(0x801, [1], Uint8Array.of(10)),
    "label 10 at image 0; want labels below",
  ],
])("%s are refused", async (_, images, labels, message) => {
  const refused = { code: "data/corrupt", message: expect.stringContaining(message) as string };
  await expect(readBack(images, labels)).rejects.toMatchObject(refused);
});

test("a missing file is named, with the four that are wanted", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, idxNames.train[0]), imagesOf(20));
  await writeFile(join(folder, idxNames.train[1]), labelsOf(20));
  await writeFile(join(folder, idxNames.test[1]), labelsOf(20));
  await expect(loadDataset(folder, { size: 3, channels: 1 })).rejects.toMatchObject({
    code: "data/missing",
    problems: [{ at: join(folder, idxNames.test[0]), fix: expect.stringContaining(idxNames.train[0]) as string }],
  });
});

test("training and test images of two sizes are refused", async () => {
  const folder = await temporaryFolder();
  const files = [imagesOf(20), labelsOf(20), imagesOf(20, 4), labelsOf(20)];
  const names = Object.values(idxNames).flat();
  await Promise.all(files.map((file, i) => writeFile(join(folder, names[i]!), file)));
  await expect(loadDataset(folder, { size: 3, channels: 1 })).rejects.toMatchObject({
    code: "data/size",
    message: expect.stringContaining("3×3×1 training and 4×4×1 test images") as string,
  });
});
