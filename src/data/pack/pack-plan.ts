/** What a pack holds for a recipe, and the room that it takes. */
import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { UserError } from "../../base/user-error.js";
import { bytesReduced, enoughFor, type RandomParts } from "../augment/random-resized-crop.js";
import type { Dataset } from "../images.js";
import { squareName, type Evaluation } from "../preprocessing.js";
import type { Squares } from "./pack-index.js";

/** What of a recipe says which pixels training and judgements need. */
export interface PackedFor {
  readonly augmentation: { readonly randomResizedCrop?: Pick<RandomParts, "scale"> | undefined };
  /** What judgements see of a picture; by default all of its middle square. */
  readonly evaluation?: Evaluation | undefined;
}

export interface PackPlan {
  /** In ascending order. */
  readonly sizes: readonly number[];
  readonly squares: readonly Squares[];
  /** A longer shorter side of a whole picture is reduced by the largest whole factor that leaves so many pixels; undefined: no whole ones. */
  readonly enough: number | undefined;
}

/** @param sizes in pixels, the largest of which is trained on */
export function planPack(sizes: readonly number[], recipe?: PackedFor): PackPlan {
  const ordered = [...new Set(sizes)].sort((a, b) => a - b);
  const { randomResizedCrop } = recipe?.augmentation ?? {};
  const { evaluation } = recipe ?? {};
  const judged = ordered.map((size) => ({ size, evaluation }));
  const others = judged.filter(({ size }) => squareName(size, evaluation) !== squareName(size));
  return {
    sizes: ordered,
    squares: [...ordered.map((size) => ({ size })), ...others],
    enough: randomResizedCrop && enoughFor(randomResizedCrop, ordered.at(-1)!),
  };
}

/** Whole pictures that are looked at. */
const SAMPLE = 50;

/** Bytes of the pack's files: exact for squares, and an estimate from some of the pictures for whole ones. */
export async function sizeOf({ squares, enough }: PackPlan, { train, test }: Dataset): Promise<number> {
  const images = train.count + test.count;
  const { channels } = train;
  const bytes = images * squares.reduce((sum, { size }) => sum + size * size * channels, 0);
  if (enough === undefined) return bytes;
  const looked = Math.min(SAMPLE, train.count);
  let whole = 0;
  for (let i = 0; i < looked; i++) {
    const pictures = await train.readWhole!([Math.floor((i * train.count) / looked)]);
    for (const picture of pictures) whole += bytesReduced(enough, picture);
  }
  return bytes + Math.ceil((images * whole) / looked);
}

/** @throws UserError `data/pack-room` where the disk lacks room for so many bytes */
export async function refuseFullDisk(out: string, bytes: number): Promise<void> {
  const free = await freeAt(resolve(out));
  if (free === undefined || bytes <= free) return;
  const fix = "Free some space, choose another folder, or train from the pictures themselves: they need no pack.";
  throw new UserError("data/pack-room", {
    at: out,
    got: `on a disk with ${gigabytes(free)} free`,
    want: `${gigabytes(bytes)} for the pack`,
    fix,
  });
}

/** What the disk of the nearest folder that is there has; undefined where the system doesn't say. */
async function freeAt(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return dirname(path) === path ? undefined : freeAt(dirname(path));
  }
}

export const gigabytes = (bytes: number): string =>
  bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
