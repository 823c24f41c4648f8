/**
 * How many images share batch norm statistics: the recipe's number, another, or `auto`, the most that fit into the memory there is.
 *
 *   a worker needs   images × activations of the whole supernet at the largest resolution × copies
 *                    + weights and gradients under the masks
 *   all share        weights, the optimiser's state, gradients
 */
import { gigabytes } from "../base/format.js";
import { defaultEngine, hasDevice, memoryOf, parseEngine } from "../engine/choose.js";
import type { TrainingMemory } from "../engine/engine-kind.js";
import { activationBytes } from "../graph/analyses.js";
import type { ElasticGraph } from "../graph/graph.js";
import { layoutOf } from "../graph/layout.js";
import { agree } from "../ranks/agree.js";
import type { Ranks } from "../ranks/ranks.js";
import { fakeQuantized } from "../supernet/fake-quantize.js";
import { atMaximum } from "../supernet/mask.js";
import { buildSupernet, type Supernet } from "../supernet/supernet.js";
import { recipeOfRun } from "./find-run.js";
import { startState } from "./optimizer.js";
import type { RunOptions } from "./plan-run.js";
import { groupSizes, type Recipe } from "./recipe.js";

/** Share of the memory that the estimate may reach: the rest is the libraries' own. */
const MOST = 0.8;

/** Where a run is trained. */
export interface TrainingPlace {
  /** The folder of its checkpoint. */
  readonly checkpoint: string;
  readonly resume: boolean;
  readonly threads: number;
  readonly ranks: Ranks;
}

/** The options of a run, whose recipe may be given another size of its norm groups. */
export interface GroupedOptions extends RunOptions {
  readonly normGroup?: number | "auto";
  readonly onNote?: (line: string) => void;
}

/**
 * The recipe with the size of norm groups that is asked for. For `auto`, rank 0's memory decides, and a run that is resumed keeps its own.
 * @throws UserError `engine/…` where the engine can't be asked
 */
export async function withNormGroup(options: GroupedOptions, place: TrainingPlace): Promise<Recipe> {
  const { recipe, normGroup = recipe.normGroup } = options;
  // A batch of one image is refused when all is checked.
  if (recipe.batch < 2) return recipe;
  if (normGroup !== "auto") return { ...recipe, normGroup };
  const { ranks } = place;
  const group = new Float64Array(1);
  await agree(ranks, async () => {
    if (ranks.rank > 0) return;
    const { images, because } = await chosen(options, place);
    group[0] = images;
    options.onNote?.(`Norm groups of ${images} images, ${because}`);
  });
  ranks.broadcast(group);
  return { ...recipe, normGroup: group[0]! };
}

interface Choice {
  /** Images of a norm group. */
  readonly images: number;
  readonly because: string;
}

async function chosen({ space, recipe, engine = defaultEngine }: RunOptions, place: TrainingPlace): Promise<Choice> {
  const begun = place.resume ? await recipeOfRun(place.checkpoint) : undefined;
  if (begun) return { images: begun.normGroup, because: "as the run began" };
  const name = parseEngine(engine);
  const memory = await memoryOf(name, place.threads);
  if (!memory) {
    const because = `as the recipe has them: how many fit isn't known on engine ${name}`;
    return { images: recipe.normGroup, because };
  }
  const ranks = place.ranks.size;
  const own = hasDevice(name);
  // Ranks on one machine share its memory. Each has a device of its own.
  const bytes = own ? memory.bytes : memory.bytes / ranks;
  const room = { ...memory, bytes, ranks, gradients: own ? ("one" as const) : ("each group's" as const) };
  const { images, needs, fits } = groupFor(buildSupernet(space), recipe, room);
  const figures = `${gigabytes(needs)} of the ${gigabytes(bytes)} that engine ${name} may use`;
  return { images, because: fits ? `which need about ${figures}` : `though they need about ${figures}: none fits` };
}

/** The memory of one rank. */
export interface Room extends TrainingMemory {
  readonly workers: number;
  readonly ranks: number;
  /** On a device all groups add to one gradient; in a process's memory each has its own. */
  readonly gradients: "one" | "each group's";
}

export interface GroupChoice {
  /** Images of a norm group. */
  readonly images: number;
  /** Bytes. */
  readonly needs: number;
  /** Whether that leaves the margin. */
  readonly fits: boolean;
}

/**
 * The largest group that divides the batch, keeps all workers or devices of all ranks busy and leaves a fifth of the memory; if none does, the one
 * that needs the least.
 */
export function groupFor(supernet: Supernet, recipe: Recipe, room: Room): GroupChoice {
  const { batch } = recipe;
  const needs = needsOf(supernet, recipe, room);
  const sizes = groupSizes(batch).sort((one, other) => other - one);
  const { workers, ranks, devices = 1 } = room;
  const busy = sizes.filter((size) => batch / size >= workers * devices * ranks);
  const choices = (busy.length > 0 ? busy : sizes.slice(-1)).map((images): GroupChoice => {
    const { worker, all } = needs(images);
    const fits = all <= MOST * room.bytes && worker <= MOST * (room.perWorker ?? Infinity);
    return { images, needs: all, fits };
  });
  return choices.find(({ fits }) => fits) ?? choices.reduce((least, one) => (one.needs < least.needs ? one : least));
}

/** The graph whose step needs the most memory: with values rounded, if the recipe rounds any. */
const trainedGraph = (graph: ElasticGraph, { quantization }: Recipe): ElasticGraph =>
  quantization ? fakeQuantized(graph, quantization.bits) : graph;

/** Bytes that norm groups of a size need: on one worker, and on all of a rank. */
export function needsOf(
  { graph, space }: Supernet,
  recipe: Recipe,
  { workers, ranks, copies, gradients }: Pick<Room, "workers" | "ranks" | "copies" | "gradients">,
): (images: number) => { readonly worker: number; readonly all: number } {
  const perImage = copies * activationBytes(atMaximum(trainedGraph(graph, recipe)), Math.max(...space.resolutions));
  const array = 4 * layoutOf(graph).length;
  const states = startState(recipe, 0).size + (recipe.averaging > 0 ? 1 : 0);
  return (images) => {
    const groups = Math.ceil(recipe.batch / images / ranks);
    const worker = images * perImage + 2 * array;
    // An update on a device makes new arrays before the old ones go.
    const shared = gradients === "one" ? 2 * (2 + states) : 1 + states + groups;
    return { worker, all: Math.min(workers, groups) * worker + shared * array };
  };
}
