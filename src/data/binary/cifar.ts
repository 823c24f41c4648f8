/** CIFAR-10 and CIFAR-100, binary version: records of label bytes and 32×32 planes of red, green, blue. cs.toronto.edu/~kriz/cifar */
import { join } from "node:path";
import { UserError } from "../../base/user-error.js";
import { decodedText } from "../../base/text.js";
import { readUserBytes, readUserBytesIfAny } from "../../base/user-file.js";
import { makeDataset } from "../dataset.js";
import { imagesInMemory } from "../images-in-memory.js";
import type { Dataset, Images, PixelImages } from "../images.js";
import { keepingPrepared } from "../keeping-prepared.js";
import { anyRoom } from "../pictures/room-in-memory.js";

const SIZE = 32;
const PLANE = SIZE * SIZE;

const layouts = {
  cifar10: {
    train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
    test: ["test_batch.bin"],
    names: "batches.meta.txt",
    classes: 10,
    labelBytes: 1,
  },
  // The first byte is the coarse label.
  cifar100: { train: ["train.bin"], test: ["test.bin"], names: "fine_label_names.txt", classes: 100, labelBytes: 2 },
} as const;

/** @throws UserError `data/missing`, `data/corrupt` */
export async function loadCifar(name: keyof typeof layouts, folder: string): Promise<Dataset> {
  const layout = layouts[name];
  const room = await anyRoom();
  const names = await readNames(join(folder, layout.names), layout.classes);
  const classes = names ?? Array.from({ length: layout.classes }, (_, i) => `${i}`);
  const hints = names ? [] : [`${layout.names} is missing: classes are called by their numbers.`];
  const read = async (files: readonly string[]): Promise<Images> => {
    const bytes = files.map((file) => readRecords(join(folder, file), PLANE * 3 + layout.labelBytes));
    return keepingPrepared(imagesInMemory(parse(await Promise.all(bytes), layout)), room);
  };
  const parts = { train: await read(layout.train), test: await read(layout.test) };
  return makeDataset(name, classes, parts, { layout: "CIFAR's binary files", hints });
}

/** Undefined where the file is missing: old archives are without it. */
async function readNames(path: string, count: number): Promise<string[] | undefined> {
  const bytes = await readUserBytesIfAny(path, {
    code: "data/classes",
    want: "the names of the classes, one a line",
    fix: "Change its permissions.",
  });
  const names = bytes && (decodedText(bytes) ?? "").split("\n").flatMap((line) => line.trim() || []);
  if (names && names.length !== count) {
    throw new UserError("data/classes", {
      at: path,
      got: `with ${names.length} names`,
      want: `${count}, one a line`,
      fix: "Unpack cifar-*-binary.tar.gz again, or remove it: classes are then called by their numbers.",
    });
  }
  return names;
}

async function readRecords(path: string, recordBytes: number): Promise<{ path: string; bytes: Uint8Array }> {
  const bytes = await readUserBytes(path, {
    code: "data/missing",
    want: "a file of the binary version",
    fix: "Unpack cifar-*-binary.tar.gz and give its folder.",
  });
  if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
    throw new UserError("data/corrupt", {
      at: path,
      got: `${bytes.length} bytes long`,
      want: `a multiple of ${recordBytes}, the bytes of an image`,
      fix: "The file is cut off or is not of the binary version: fetch it again.",
    });
  }
  return { path, bytes };
}

function parse(
  files: readonly { path: string; bytes: Uint8Array }[],
  layout: (typeof layouts)[keyof typeof layouts],
): PixelImages {
  const record = PLANE * 3 + layout.labelBytes;
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  const pixels = new Uint8Array(count * PLANE * 3);
  const labels = new Uint16Array(count);
  let image = 0;
  for (const { path, bytes } of files) {
    for (let from = 0; from < bytes.length; from += record, image++) {
      const label = bytes[from + layout.labelBytes - 1]!;
      if (label >= layout.classes) {
        throw new UserError("data/corrupt", {
          at: path,
          got: `with label ${label} at byte ${from}`,
          want: `labels below ${layout.classes}`,
          fix: "The file is damaged or is of another data set: fetch it again.",
        });
      }
      labels[image] = label;
      for (let p = 0; p < PLANE; p++) {
        for (let c = 0; c < 3; c++)
          pixels[(image * PLANE + p) * 3 + c] = bytes[from + layout.labelBytes + c * PLANE + p]!;
      }
    }
  }
  return { count, height: SIZE, width: SIZE, channels: 3, pixels, labels };
}
