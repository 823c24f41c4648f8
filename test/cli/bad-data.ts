/** Bad data sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { cutOff, flipBit, type BadInput, type Place } from "./bad-input.js";
import { tinySpacePath } from "./bad-spaces.js";

export const trainOn = (data: string, ...more: readonly string[]): readonly string[] => [
  ...["train", "--space", tinySpacePath, "--data", data, "--out", "out", "--steps", "1"],
  ...more,
];

const fixture = (name: string): Buffer => readFileSync(join("fixtures/fashion-mnist", `${name}.gz`));
const [trainImages, trainLabels] = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"] as const;
const names = [trainImages, trainLabels, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] as const;
const gzipped = new Map(names.map((name) => [name, fixture(name)]));

/** The four IDX files, some of them changed. */
const idx =
  (changes: Partial<Record<(typeof names)[number], (zipped: Buffer) => Uint8Array | undefined>>) =>
  async ({ write }: Place): Promise<void> => {
    for (const [name, bytes] of gzipped) {
      const change = changes[name];
      const content = change ? change(bytes) : bytes;
      if (content) await write(`idx/${name}.gz`, content);
    }
  };

/** A change of what is inside the gzip. */
const inside = (change: (bytes: Buffer) => Uint8Array) => (zipped: Buffer) =>
  gzipSync(change(gunzipSync(zipped)), { level: 1 });
const word = (at: number, value: number) => (bytes: Buffer) => {
  bytes.writeUInt32BE(value, at);
  return bytes;
};

const idxCase = (name: string, changes: Parameters<typeof idx>[0], ...says: (string | RegExp)[]): BadInput => ({
  name: `IDX files: ${name}`,
  args: trainOn("idx"),
  says,
  prepare: idx(changes),
});

const png = await sharp(Buffer.alloc(64), { raw: { width: 8, height: 8, channels: 1 } })
  .png()
  .toBuffer();
const folderCase = (
  name: string,
  files: Readonly<Record<string, Uint8Array>>,
  ...says: (string | RegExp)[]
): BadInput => ({
  name: `a folder of images: ${name}`,
  args: trainOn("images"),
  says,
  async prepare({ write }) {
    await write("images/notes.txt", "about these images");
    for (const [path, bytes] of Object.entries(files)) await write(`images/${path}`, bytes);
  },
});

const record = (labels: readonly number[]): Buffer => Buffer.from([...labels, ...Array<number>(3072).fill(7)]);
const cifar = (name: string, files: Readonly<Record<string, Uint8Array>>, ...says: (string | RegExp)[]): BadInput => {
  const batches = [1, 2, 3, 4, 5].map((batch) => [
    `data_batch_${batch}.bin`,
    Buffer.concat([record([2 * batch - 2]), record([2 * batch - 1])]),
  ]);
  const all = {
    ...(Object.fromEntries(batches) as Record<string, Uint8Array>),
    "test_batch.bin": record([3]),
    ...files,
  };
  return {
    name: `CIFAR-10: ${name}`,
    args: trainOn("cifar10:cifar"),
    says,
    async prepare({ write }) {
      for (const [path, bytes] of Object.entries(all)) if (bytes.length > 0) await write(`cifar/${path}`, bytes);
    },
  };
};

export const badData: readonly BadInput[] = [
  {
    name: "a data folder that is not there",
    args: trainOn("nowhere"),
    says: ["the data set nowhere is missing", "fixtures/fashion-mnist"],
  },
  {
    name: "an unknown data set",
    args: trainOn("imagenet"),
    says: ["the data set imagenet is missing", "fashion-mnist, mnist"],
  },
  { name: "no data at all", args: trainOn(""), says: ["the data set is without a name", "fashion-mnist, mnist"] },
  {
    name: "a file as data",
    args: trainOn("images.odd"),
    says: ["the data set images.odd is a file", "It is a file: give the folder that holds it."],
    prepare: ({ write }) => write("images.odd", "PK"),
  },
  { name: "CIFAR in no folder", args: trainOn("cifar10:nowhere"), says: ["the data set nowhere is missing"] },
  idxCase(
    "images cut off",
    { [trainImages]: inside(cutOff) },
    "train-images-idx3-ubyte",
    "bytes long",
    "fetch it again",
  ),
  idxCase(
    "labels cut off",
    { [trainLabels]: inside(cutOff) },
    "train-labels-idx1-ubyte",
    "10008 bytes, as its header says",
  ),
  idxCase(
    "another magic number",
    { [trainImages]: inside(word(0, 0x801)) },
    "with magic number 2049; want magic number 2051",
  ),
  idxCase("4 billion images in the header", { [trainImages]: inside(word(4, 0xffffffff)) }, "as its header says"),
  idxCase(
    "images that are not square",
    { [trainImages]: inside((b) => word(8, 56)(Buffer.from(word(12, 14)(b)))) },
    "of 56×14 images; want square images",
  ),
  {
    ...idxCase(
      "a label that is no class",
      { [trainLabels]: inside((b) => b.fill(99, 8, 9)) },
      "label 99 at image 0; want labels below 10",
    ),
    args: trainOn("fashion-mnist:idx"),
  },
  idxCase("an eleventh label", { [trainLabels]: inside((b) => b.fill(99, 8, 9)) }, "11 classes; want 10, as the space"),
  idxCase(
    "training labels for test images",
    { "t10k-labels-idx1-ubyte": () => gzipped.get(trainLabels) },
    "is for 10000 images; want 2000 labels",
  ),
  idxCase(
    "an empty file",
    { [trainImages]: () => Buffer.alloc(0) },
    "train-images-idx3-ubyte.gz is not gzip, or cut off",
  ),
  idxCase(
    "a gzip cut off",
    { [trainImages]: cutOff },
    "train-images-idx3-ubyte.gz is not gzip, or cut off",
    "fetch it again",
  ),
  idxCase(
    "a gzip with a flipped bit",
    { [trainImages]: flipBit },
    "train-images-idx3-ubyte.gz is not gzip, or cut off",
  ),
  idxCase(
    "one file missing",
    { "t10k-images-idx3-ubyte": () => undefined },
    "t10k-images-idx3-ubyte is missing",
    "is four files",
  ),
  folderCase("none in it", {}, "images is without classes", "Sort the images into folders"),
  folderCase(
    "one class",
    { "cat/1.png": png },
    "with one class, cat; want a folder of images for each of at least two classes",
  ),
  folderCase(
    "train/ without test/",
    { "train/cat/1.png": png, "train/dog/1.png": png },
    "without test images",
    "five images or more",
  ),
  folderCase(
    "a class without images",
    { "train/cat/1.png": png, "train/dog/a.txt": Buffer.from("text"), "test/cat/1.png": png },
    "without training images of dog",
  ),
  folderCase(
    "a class in test/ alone",
    { "train/cat/1.png": png, "train/dog/1.png": png, "test/emu/1.png": png },
    "images/test is emu; want the classes of train/ only",
  ),
  folderCase(
    "no test images",
    { "train/cat/1.png": png, "train/dog/1.png": png, "test/cat/a.txt": Buffer.from("text") },
    "without test images",
  ),
  folderCase(
    "too few to hold some out",
    { "cat/1.png": png, "dog/1.png": png },
    "without test images",
    "five images or more",
  ),
  folderCase(
    "one that is text",
    { "cat/1.png": Buffer.from("text"), "dog/1.png": png },
    "images/cat/1.png is not readable",
    "Fix or remove it",
  ),
  folderCase(
    "one cut off",
    { "cat/1.png": png, "dog/1.png": cutOff(png) },
    "images/dog/1.png is not readable",
    "want a whole image",
  ),
  folderCase(
    "other classes than the space",
    { "train/cat/1.png": png, "train/dog/1.png": png, "test/cat/1.png": png },
    "the data set is of 2 classes; want 10, as the space tiny has",
    'Set "classes": 2',
  ),
  cifar(
    "a file missing",
    { "data_batch_3.bin": Buffer.alloc(0) },
    "data_batch_3.bin is missing",
    "Unpack cifar-*-binary.tar.gz",
  ),
  cifar(
    "a file cut off",
    { "data_batch_3.bin": cutOff(record([1])) },
    "data_batch_3.bin is 1843 bytes long; want a multiple of 3073",
  ),
  cifar(
    "a label that is no class",
    { "test_batch.bin": record([10]) },
    "test_batch.bin is with label 10 at byte 0; want labels below 10",
  ),
  cifar("more channels than the space", {}, "the data set is of 3 channels; want 1, as the space tiny has"),
  {
    name: "a mirror that does not answer",
    args: trainOn("mnist"),
    env: { NESTLING_MIRROR: "http://127.0.0.1:1" },
    says: ["http://127.0.0.1:1/train-images-idx3-ubyte.gz is not reachable", "--data mnist:FOLDER"],
  },
];
