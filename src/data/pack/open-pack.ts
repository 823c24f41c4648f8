/** A pack as a data set: the same one as its source, by its fingerprint. Pixels are read by position; nothing is decoded. */
import { access } from "node:fs/promises";
import { readDocument } from "../../base/document.js";
import { UserError } from "../../base/user-error.js";
import { makeDataset } from "../dataset.js";
import type { Dataset, Images } from "../images.js";
import type { ImageWishes } from "../load-listing.js";
import { indexIn, packKind, pixelsIn, rulesHash, type PackIndex } from "./pack-index.js";
import { openPixels } from "./pixel-file.js";

export const isPack = (folder: string): Promise<boolean> =>
  access(indexIn(folder)).then(
    () => true,
    () => false,
  );

const refuse = (at: string, got: string, want: string, fix: string): UserError =>
  new UserError("data/pack", { at, got, want, fix });

/** @throws UserError `data/pack` where it is damaged, of another version, or without the size that is wished for */
export async function openPack(folder: string, wishes: Pick<ImageWishes, "size" | "channels">): Promise<Dataset> {
  const index = await readDocument(indexIn(folder), packKind);
  const { classes, channels, sizes, broken, source } = index;
  if (index.preprocessing !== rulesHash(channels)) {
    const want = "pixels as this version of nestling prepares them";
    throw refuse(folder, `packed by nestling ${index.nestling}`, want, "Pack the pictures again: nestling data pack.");
  }
  if (channels !== wishes.channels) {
    throw refuse(folder, `of ${channels} channels`, `${wishes.channels}`, packing(index, [wishes.size]));
  }
  const survey = sizes.find(({ size }) => size === wishes.size);
  if (!survey) throw withoutSize(folder, index, wishes.size);
  const { fingerprint, mean, std } = survey;
  const parts = {
    train: await imagesOf(folder, index, "train", wishes.size),
    test: await imagesOf(folder, index, "test", wishes.size),
  };
  const layout = `a pack of ${source}, prepared at ${sizes.map(({ size }) => size).join(", ")} pixels`;
  const validation = index.validation && Uint32Array.from(index.validation);
  const notes = { layout, broken, ...(validation && { validation }) };
  return makeDataset(folder, classes, parts, notes, { fingerprint, mean, std });
}

async function imagesOf(folder: string, index: PackIndex, part: "train" | "test", size: number): Promise<Images> {
  const { channels } = index;
  const { count, labels } = index[part];
  const readers = new Map<number, Awaited<ReturnType<typeof openPixels>>>();
  for (const { size, checks } of index.sizes) {
    const path = pixelsIn(folder, size, part);
    readers.set(size, await openPixels({ path, count, each: size * size * channels, checks: checks[part] }));
  }
  return {
    ...{ count, height: size, width: size, channels, labels: labelsFrom(labels) },
    async read(indices, resolution = size, evaluation) {
      const read = readers.get(resolution);
      if (!read) throw withoutSize(folder, index, resolution);
      if (evaluation && (evaluation.cropShare !== 1 || evaluation.interpolation !== "bilinear")) {
        const got = "of whole middle squares, resized bilinearly";
        throw refuse(folder, got, "pixels as the recipe's evaluation sees them", `Give ${index.source} itself.`);
      }
      return read(indices);
    },
    readParts: () =>
      Promise.reject(
        refuse(folder, "of middle squares", "whole pictures for randomResizedCrop", `Give ${index.source} itself.`),
      ),
  };
}

const labelsFrom = (text: string): Uint16Array => new Uint16Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);

const withoutSize = (folder: string, index: PackIndex, size: number): UserError =>
  refuse(
    folder,
    `packed at ${index.sizes.map(({ size }) => size).join(", ")} pixels`,
    `${size} pixels`,
    packing(index, [...index.sizes.map(({ size }) => size), size]),
  );

const packing = ({ source }: PackIndex, sizes: readonly number[]): string =>
  `Pack it again: nestling data pack ${source} ${sizes.map((size) => `--size ${size}`).join(" ")}, or give ${source} itself.`;
