/**
 * Where to begin with pictures that nothing is known of: looks at them, and finds the largest space that fits them and can be trained
 * well in the time that is given, by a short measurement.
 */
import { availableParallelism } from "node:os";
import type { Dataset } from "../data/images.js";
import { listingOf, loadDataset } from "../data/load.js";
import type { ImageWishes } from "../data/load-listing.js";
import { samplePictures, type PictureSample } from "../data/sources/sample-pictures.js";
import { defaultEngine, prepareEngine } from "../engine/choose.js";
import { alone } from "../ranks/ranks.js";
import type { SearchSpace } from "../space/space.js";
import { planRun } from "../train/plan-run.js";
import { loadRecipe, validationShareOf, type Recipe } from "../train/recipe.js";
import { stepsIn } from "../train/steps-in.js";
import { fittingSpaces, macsOf } from "./choose-space.js";
import { recipeFor, withImages } from "./choose-recipe.js";

/** Images, repeated ones too: a space that can't be trained on so many is too large for the time. */
const ENOUGH_IMAGES = 20_000;
/** More teach little. */
const MOST_EPOCHS = 100;

/** Pictures, and the time to train on them. */
export interface StartOptions {
  /** As `loadDataset` takes it. */
  readonly source: string;
  /** Time for the training. */
  readonly minutes: number;
  /** Worker threads, by default one per core. */
  readonly threads?: number;
  /** Called after each picture that was read, with the number of those and of all. */
  readonly onPicture?: ImageWishes["onPicture"];
}

/** What to train, and what it takes. */
export interface StartingPoint {
  readonly space: SearchSpace;
  readonly recipe: Recipe;
  readonly survey: PictureSample;
  readonly data: Dataset;
  /** How long the recipe's epochs take here. */
  readonly minutes: number;
  /** MACs of the smallest and the biggest child. */
  readonly macs: { readonly smallest: number; readonly biggest: number };
}

/**
 * Looks at pictures, and chooses a space and a recipe for them.
 * @throws UserError `data/…`
 */
export async function startingPoint(options: StartOptions): Promise<StartingPoint> {
  const { source, minutes } = options;
  const load = (size: number, channels: 1 | 3): Promise<Dataset> =>
    loadDataset(source, { size, channels, broken: "skip", ...(options.onPicture && { onPicture: options.onPicture }) });
  const listing = await listingOf(source);
  const known = listing && (await samplePictures(listing));
  // Without a listing, images have one size, whatever is wished for. One without a readable picture is refused here.
  const fixed = known ? undefined : await load(32, 3);
  const seen = known ?? sampleOf(fixed!);
  const { channels } = seen;
  const classes = (fixed ?? listing!).classes.length;
  const [largest, ...others] = await fittingSpaces(seen.sides.median, { classes, channels });
  const first = await measured(largest!, { ...options, load });
  if (first.trainedImages >= ENOUGH_IMAGES || others.length === 0)
    return withEpochs({ ...first, survey: seen }, minutes);
  // Time goes with MACs, roughly.
  const cost = macsOf(largest!).biggest;
  const affordable = others.find((space) => (first.trainedImages * cost) / macsOf(space).biggest >= ENOUGH_IMAGES);
  const second = await measured(affordable ?? others.at(-1)!, { ...options, load });
  return withEpochs({ ...second, survey: seen }, minutes);
}

interface Measured {
  readonly space: SearchSpace;
  readonly recipe: Recipe;
  readonly data: Dataset;
  /** What the time allows. */
  readonly epochs: number;
  readonly trainedImages: number;
}

async function measured(
  space: SearchSpace,
  { source, minutes, threads, load }: StartOptions & { load: (size: number, channels: 1 | 3) => Promise<Dataset> },
): Promise<Measured> {
  const size = space.resolutions.at(-1)!;
  const data = await load(size, space.channels);
  const { count } = data.train;
  const recipe = await recipeFor(Math.floor(count * (1 - validationShareOf(await loadRecipe("short"), count))), size);
  const cores = threads ?? availableParallelism();
  prepareEngine(defaultEngine, cores);
  const plan = await planRun({ space, data, source, recipe });
  const steps = await stepsIn(minutes, plan, cores, alone);
  return { space, recipe, data, epochs: steps / plan.length.stepsPerEpoch, trainedImages: steps * recipe.batch };
}

/** The recipe with as many epochs as the time allows, and what these take. */
function withEpochs(
  { epochs, trainedImages, space, recipe, data, survey }: Measured & { survey: PictureSample },
  minutes: number,
): StartingPoint {
  const wanted = Math.min(MOST_EPOCHS, epochs);
  const digits = wanted >= 10 ? 1 : 10;
  const rounded = Math.max(0.1, Math.floor(wanted * digits) / digits);
  const share = rounded / epochs;
  const fitted = { ...withImages(recipe, trainedImages * share), epochs: rounded };
  return { space, recipe: fitted, data, survey, minutes: minutes * share, macs: macsOf(space) };
}

const sampleOf = ({ train }: Dataset): PictureSample => {
  const side = Math.min(train.height, train.width);
  return { sides: { smallest: side, median: side, largest: side }, channels: train.channels };
};
