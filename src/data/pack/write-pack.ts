/** Packs a data set of pictures. The pack appears whole under its name: until then it is beside it, and a packing that was killed begins anew. */
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { jsonText, writeError, writeFileAtomic } from "../../base/atomic-file.js";
import { lockFolder } from "../../base/folder-lock.js";
import { orderedSeal, sealed } from "../../base/seal.js";
import { UserError } from "../../base/user-error.js";
import { version } from "../../base/version.js";
import type { Dataset, Images } from "../images.js";
import { nameOfSource } from "../load.js";
import { surveyOf } from "../survey.js";
import { indexIn, pixelsIn, rulesHash, type PackIndex } from "./pack-index.js";
import { pixelWriter, type PixelWriter } from "./pixel-file.js";

/** What to pack. */
export interface PackOptions {
  /** The pictures, loaded at any size. */
  readonly data: Dataset;
  /** Where they are, as `loadDataset` took it. */
  readonly source: string;
  /** Height = width in pixels of each size to pack. */
  readonly sizes: readonly number[];
  /** The pack's folder, which must not exist. */
  readonly out: string;
  /** Called with the images packed and to pack, each size counted. */
  readonly onImages?: (done: number, total: number) => void;
}

/** What was packed. */
export interface Packed {
  readonly out: string;
  readonly sizes: readonly number[];
  /** Training and test images, counted once. */
  readonly images: number;
  /** All files of pixels together. */
  readonly bytes: number;
}

/**
 * Packs pictures at one or more sizes: `loadDataset` opens the pack as it opens its source, without decoding anything.
 * @throws UserError `data/pack` where `out` exists, or the images have one size anyway; `data/unreadable`, `file/write`, `file/locked`
 */
export async function packDataset(options: PackOptions): Promise<Packed> {
  const { data, out } = options;
  if (data.train.pixels) {
    const fix = `Give ${options.source} itself to train and search.`;
    throw new UserError("data/pack", { at: options.source, got: "images of one size", want: "pictures", fix });
  }
  if (await stat(out).catch(() => undefined)) {
    const fix = "Remove it, or choose another folder.";
    throw new UserError("data/pack", { at: out, got: "there already", want: "a folder that does not exist", fix });
  }
  const partial = `${out}.partial`;
  const release = await lockFolder(partial, "pack");
  let packed: Packed;
  try {
    for (const name of await readdir(partial)) if (!name.startsWith("pack.lock")) await rm(join(partial, name));
    packed = await packInto(partial, options);
  } catch (error) {
    throw writeError(out, error);
  } finally {
    await release();
  }
  await rename(partial, out).catch((error: unknown) => {
    throw writeError(out, error);
  });
  return packed;
}

async function packInto(folder: string, { data, source, sizes, out, onImages }: PackOptions): Promise<Packed> {
  const ordered = [...new Set(sizes)].sort((a, b) => a - b);
  const images = data.train.count + data.test.count;
  let done = 0;
  const onRead = (count: number): void => onImages?.((done += count), images * ordered.length);
  const found: PackIndex["sizes"] = [];
  for (const size of ordered) found.push(await packSize(folder, data, size, onRead));
  const { channels } = data.train;
  const own = found.find(({ size }) => size === data.train.height);
  if (own && own.fingerprint !== data.fingerprint) {
    const fix = "Pack again when nothing writes there.";
    throw new UserError("data/pack", { at: source, got: "changed while it was read", want: "the same pictures", fix });
  }
  const index: Omit<PackIndex, "sha256"> = {
    format: 1,
    nestling: version,
    source: nameOfSource(source),
    preprocessing: rulesHash(channels),
    channels,
    classes: [...data.classes],
    train: { count: data.train.count, labels: labelsText(data.train.labels) },
    test: { count: data.test.count, labels: labelsText(data.test.labels) },
    ...(data.validation && { validation: [...data.validation] }),
    broken: [...data.broken],
    sizes: found,
  };
  // The index last: a folder with one is whole.
  await writeFileAtomic(indexIn(folder), jsonText(sealed(index, orderedSeal)));
  const bytes = ordered.reduce((sum, size) => sum + images * size * size * channels, 0);
  return { out, sizes: ordered, images, bytes };
}

/** One pass over the pictures writes their pixels and surveys them. */
async function packSize(
  folder: string,
  { train, test, validation }: Dataset,
  size: number,
  onRead: (count: number) => void,
): Promise<PackIndex["sizes"][number]> {
  const each = size * size * train.channels;
  const writers: PixelWriter[] = [];
  const writerOf = async (part: "train" | "test", count: number): Promise<PixelWriter> => {
    const writer = await pixelWriter(pixelsIn(folder, size, part), count, each);
    writers.push(writer);
    return writer;
  };
  const noted = (images: Images, writer: PixelWriter): Images => ({
    ...images,
    ...{ height: size, width: size },
    async read(indices) {
      const pixels = await images.read(indices, size);
      await writer.append(pixels);
      onRead(indices.length);
      return pixels;
    },
  });
  try {
    const [trained, tested] = [await writerOf("train", train.count), await writerOf("test", test.count)];
    const survey = await surveyOf({ train: noted(train, trained), test: noted(test, tested) }, validation);
    const { fingerprint, mean, std } = survey;
    return {
      size,
      fingerprint,
      mean: [...mean],
      std: [...std],
      checks: { train: await trained.finish(), test: await tested.finish() },
    };
  } finally {
    for (const writer of writers) await writer.close();
  }
}

const labelsText = ({ buffer, byteOffset, byteLength }: Uint16Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");
