/** A finished run as all that follows takes it: its supernet, its weights, and the images it was trained on. */
import { join } from "node:path";
import { permutation, random } from "../base/random.js";
import { UserError } from "../base/user-error.js";
import { openCheckpoint, readCheckpoint, type WeightsDescription } from "../checkpoint/checkpoint.js";
import type { ImageBlock } from "../data/image-block.js";
import type { Dataset } from "../data/images.js";
import { normalize } from "../data/preprocessing.js";
import type { ImageWishes } from "../data/load-listing.js";
import { loadDataset } from "../data/load.js";
import { otherClasses } from "../data/other-classes.js";
import { findPlace, leftOutOf } from "../data/place.js";
import { partsOf } from "../data/split.js";
import type { SearchSpace } from "../space/space.js";
import { parseSpace } from "../supernet/spaces.js";
import { buildSupernet, type Supernet } from "../supernet/supernet.js";
import { layoutOf, viewsOf } from "../graph/layout.js";
import { storedWeights, type SharedWeights } from "../supernet/weights.js";

/** A finished run: its supernet, its weights, and the images it was trained on. */
export interface Run {
  readonly folder: string;
  /** What checkpoint.json says of the weights. */
  readonly description: WeightsDescription;
  /** Training steps done; 0 for weights that were not trained here. */
  readonly steps: number;
  readonly supernet: Supernet;
  readonly weights: SharedWeights;
  /** SHA-256 of the weights' file. */
  readonly weightsHash: string;
  readonly data: Dataset;
  /** Indices into `data.train` of the images that training sees. */
  readonly train: Uint32Array;
  /** Indices into `data.train` of the images set aside for the search. */
  readonly validation: Uint32Array;
}

/**
 * Opens RUN with its data set.
 * @param source another place of the same data set; by default where training found it
 * @param onPicture called after each picture that was read
 * @throws UserError `checkpoint/…`, `space/…`, `supernet/weights`, `data/…`, `file/write`, `compile/data` when the images are others than those trained on
 */
export async function openRun(
  folder: string,
  source?: string,
  onPicture: ImageWishes["onPicture"] = () => undefined,
): Promise<Run> {
  const { description, position, weightsHash, weights } = await readCheckpoint(join(folder, "checkpoint"));
  const space = parseSpace(description.space, `${folder}/checkpoint: space`);
  const supernet = buildSupernet(space);
  const layout = layoutOf(supernet.graph);
  const shared = viewsOf(layout, await storedWeights(() => Promise.resolve(weights), `${folder}/checkpoint`)(layout));
  const { data: trained, seed } = description;
  const place = source ?? (await findPlace(folder, trained.source));
  const data = await loadDataset(place, {
    ...{ size: trained.size, channels: space.channels, onPicture },
    // Both are part of what the run was trained on.
    ...{ classes: trained.classes, leaveOut: await leftOutOf(folder) },
  });
  refuseOtherData(data, trained, place);
  const { train, validation } = partsOf(data, { share: trained.validationShare, seed });
  const steps = position?.step ?? 0;
  const { evaluation } = trained;
  return {
    ...{ folder, description, steps, supernet, weights: shared, weightsHash, train, validation },
    data: { ...data, ...(evaluation && { evaluation }) },
  };
}

/**
 * The space of RUN, without its pictures.
 * @throws UserError `checkpoint/…`, `space/…`
 */
export async function spaceOfRun(folder: string): Promise<SearchSpace> {
  const { description } = await openCheckpoint(join(folder, "checkpoint"));
  return parseSpace(description.space, `${folder}/checkpoint: space`);
}

function refuseOtherData(data: Dataset, trained: WeightsDescription["data"], place: string): void {
  const fix = "Recalibration and the search need the training images themselves: give the same data set.";
  if (data.fingerprint !== trained.fingerprint) {
    throw new UserError("compile/data", {
      at: "the data set",
      got: `${place}, other images than the run was trained on`,
      want: `the data set of the run (${trained.source})`,
      fix,
    });
  }
  const other = otherClasses(data.classes, trained.classes);
  if (other) throw new UserError("compile/data", { at: "the data set", got: other.got, want: other.want, fix });
}

/** Images of a part as a model of a resolution takes them. */
export const blockOf = (
  { data }: Pick<Run, "data">,
  part: "train" | "test",
  indices: Uint32Array,
  resolution: number,
): ImageBlock => ({
  count: indices.length,
  resolution,
  channels: data.train.channels,
  read: async (from, to) =>
    normalize(await data[part].read(indices.subarray(from, to), resolution, data.evaluation), data),
});

/** Training images, with labels, that recalibration doesn't use: the next of its order. Where it uses all, the last of them. */
export function setAsideIndices({ description, train }: Run, recalibrationImages: number, count: number): Uint32Array {
  const order = permutation(train.length, random(description.seed, "recalibration"));
  const from = Math.max(0, Math.min(recalibrationImages, train.length - count));
  return order.slice(from, from + count).map((i) => train[i]!);
}

/** Training images for recalibration, the same for every child: the first of one fixed order. */
export function recalibrationIndices({ description, train }: Run, count: number): Uint32Array {
  const order = permutation(train.length, random(description.seed, "recalibration"));
  return order.slice(0, Math.min(count, train.length)).map((i) => train[i]!);
}
