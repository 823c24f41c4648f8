/** Packs a data set of pictures. The pack appears whole under its name: until then it is beside it, and a packing that was killed begins anew. */
import { readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { jsonText, writeError, writeFileAtomic } from "../../base/atomic-file.js";
import { lockFolder } from "../../base/folder-lock.js";
import { orderedSeal, sealed } from "../../base/seal.js";
import { UserError } from "../../base/user-error.js";
import { version } from "../../base/version.js";
import type { Dataset } from "../images.js";
import { nameOfSource } from "../load.js";
import { rulesHash } from "../preprocessing.js";
import { surveyOf, type SurveyedImages } from "../survey.js";
import { indexIn, squaresIn, type PackIndex, type PartName } from "./pack-index.js";
import { packPart, type PackedPart } from "./pack-pass.js";
import { planPack, refuseFullDisk, sizeOf, type PackedFor, type PackPlan } from "./pack-plan.js";
import { openPixels } from "./pixel-file.js";

/** What to pack. */
export interface PackOptions {
  /** The pictures, loaded at any size. */
  readonly data: Dataset;
  /** Where they are, as `loadDataset` took it. */
  readonly source: string;
  /** Height = width in pixels of each size to pack. The largest is what is trained on. */
  readonly sizes: readonly number[];
  /**
   * The recipe that the pack is for. With `randomResizedCrop` the pack holds whole pictures too, reduced as training reduces them; with an
   * `evaluation`, what that sees. By default: middle squares only.
   */
  readonly recipe?: PackedFor;
  /** The pack's folder, which must not exist. */
  readonly out: string;
  /** Called before anything is written, with the bytes that the pack will take: of whole pictures an estimate from some of them. */
  readonly onSize?: (bytes: number) => void;
  /** Called with the images packed and to pack. */
  readonly onImages?: (done: number, total: number) => void;
  /** Ends the packing with its reason; nothing is left of it. */
  readonly signal?: AbortSignal;
}

/** What was packed. */
export interface Packed {
  readonly out: string;
  readonly sizes: readonly number[];
  /** Training and test images. */
  readonly images: number;
  /** Whether the pack holds whole pictures, for `randomResizedCrop`. */
  readonly wholePictures: boolean;
  /** All files of pixels together. */
  readonly bytes: number;
}

/**
 * Packs pictures for a recipe, at one or more sizes: `loadDataset` opens the pack as it opens its source, without decoding anything.
 * @throws UserError `data/pack` where `out` exists, or there is nothing to decode; `data/pack-room` where the disk lacks room;
 * `data/unreadable`, `file/write`, `file/locked`
 */
export async function packDataset(options: PackOptions): Promise<Packed> {
  const { data, out, signal } = options;
  signal?.throwIfAborted();
  if (!data.train.readWhole) {
    const got = data.train.pixels ? "images of one size" : "packed already";
    const fix = `Give ${options.source} itself to train and search, or pack the pictures it was made of.`;
    throw new UserError("data/pack", { at: options.source, got, want: "pictures", fix });
  }
  if (await stat(out).catch(() => undefined)) {
    const fix = "Remove it, or choose another folder.";
    throw new UserError("data/pack", { at: out, got: "there already", want: "a folder that does not exist", fix });
  }
  const plan = planPack(options.sizes, options.recipe);
  const bytes = await sizeOf(plan, data);
  await refuseFullDisk(out, bytes);
  options.onSize?.(bytes);
  const partial = `${out}.partial`;
  const release = await lockFolder(partial, "pack");
  const clear = async (): Promise<void> => {
    for (const name of await readdir(partial)) if (!name.startsWith("pack.lock")) await rm(join(partial, name));
  };
  let packed: Packed;
  try {
    await clear();
    packed = await packInto(partial, plan, options);
  } catch (error) {
    await clear();
    await release();
    await rmdir(partial).catch(() => undefined);
    throw writeError(out, error);
  }
  await release();
  await rename(partial, out).catch((error: unknown) => {
    throw writeError(out, error);
  });
  return packed;
}

async function packInto(
  folder: string,
  plan: PackPlan,
  { data, source, out, onImages, signal }: PackOptions,
): Promise<Packed> {
  const { channels } = data.train;
  const images = data.train.count + data.test.count;
  let done = 0;
  const onImage = (): void => onImages?.(++done, images);
  const parts = {
    train: await packPart(folder, "train", data.train, plan, { signal, onImage }),
    test: await packPart(folder, "test", data.test, plan, { signal, onImage }),
  };
  const sizes: PackIndex["sizes"] = [];
  for (const size of plan.sizes) {
    signal?.throwIfAborted();
    const { fingerprint, mean, std } = await surveyWritten(folder, plan, size, data, parts);
    sizes.push({ size, fingerprint, mean: [...mean], std: [...std] });
  }
  const own = sizes.find(({ size }) => size === data.train.height);
  if (own && own.fingerprint !== data.fingerprint) {
    const fix = "Pack again when nothing writes there.";
    throw new UserError("data/pack", { at: source, got: "changed while it was read", want: "the same pictures", fix });
  }
  const { train, test } = parts;
  const index: Omit<PackIndex, "sha256"> = {
    format: 2,
    nestling: version,
    source: nameOfSource(source),
    preprocessing: rulesHash(channels),
    channels,
    classes: [...data.classes],
    train: { count: data.train.count, labels: labelsText(data.train.labels) },
    test: { count: data.test.count, labels: labelsText(data.test.labels) },
    ...(data.validation && { validation: [...data.validation] }),
    broken: [...data.broken],
    sizes,
    squares: plan.squares.map(({ size, evaluation }, i) => ({
      size,
      ...(evaluation && { evaluation }),
      checks: { train: train.checks[i]!, test: test.checks[i]! },
    })),
    ...(plan.enough !== undefined && {
      pictures: { enough: plan.enough, train: train.pictures!, test: test.pictures! },
    }),
  };
  // The index last: a folder with one is whole.
  await writeFileAtomic(indexIn(folder), jsonText(sealed(index, orderedSeal)));
  const squares = plan.squares.reduce((sum, { size }) => sum + images * size * size * channels, 0);
  const bytes = squares + (train.pictures?.bytes ?? 0) + (test.pictures?.bytes ?? 0);
  return { out, sizes: plan.sizes, images, wholePictures: plan.enough !== undefined, bytes };
}

/** The survey of a size, from what was written of it. */
async function surveyWritten(
  folder: string,
  plan: PackPlan,
  size: number,
  data: Dataset,
  parts: Readonly<Record<PartName, PackedPart>>,
) {
  const place = plan.squares.findIndex((squares) => squares.size === size && !squares.evaluation);
  const written = async (part: PartName): Promise<SurveyedImages> => {
    const { count, channels, labels } = data[part];
    const each = size * size * channels;
    const path = squaresIn(folder, { size }, part);
    const read = await openPixels({ path, count, each, checks: parts[part].checks[place]! });
    return { count, channels, labels, height: size, width: size, read: (indices) => read(indices) };
  };
  return surveyOf({ train: await written("train"), test: await written("test") }, data.validation);
}

const labelsText = ({ buffer, byteOffset, byteLength }: Uint16Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");
