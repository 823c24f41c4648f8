/** nestling train */
import { join } from "node:path";
import { Command, Option } from "commander";
import { shellWord } from "../../base/text.js";
import { openCheckpoint } from "../../checkpoint/checkpoint.js";
import type { Dataset } from "../../data/images.js";
import type { ImageWishes } from "../../data/load-listing.js";
import { loadDataset } from "../../data/load.js";
import { leftOutOf } from "../../data/place.js";
import { defaultEngine } from "../../engine/choose.js";
import { trainingPrecisions, type TrainingPrecision } from "../../engine/engine.js";
import { engineChoices, engineName } from "../engine-option.js";
import { agree } from "../../ranks/agree.js";
import type { Ranks } from "../../ranks/ranks.js";
import { loadSpace } from "../../supernet/spaces.js";
import type { SearchSpace } from "../../space/space.js";
import { loadRecipe, recipeSchema, shippedRecipes, withBatch, type Recipe } from "../../train/recipe.js";
import { train } from "../../train/train.js";
import { percent } from "../../base/format.js";
import { fewWhole, normGroupOf, positiveNumber, positiveWhole, wholeNumber, type CommonOptions } from "../options.js";
import { onRanks, sayOnce } from "../on-ranks.js";
import type { Output } from "../output.js";

interface Options extends CommonOptions {
  readonly space: string;
  readonly data: string;
  readonly out: string;
  readonly recipe: string;
  readonly engine: string;
  readonly epochs?: number;
  readonly steps?: number;
  readonly minutes?: number;
  readonly batch?: number;
  readonly normGroup?: number | "auto";
  readonly seed: number;
  readonly threads?: number;
  readonly execution?: "masked" | "sliced";
  readonly precisionTrain?: TrainingPrecision;
  readonly images?: "memory" | "stream";
  readonly skipBroken?: boolean;
  readonly resume?: boolean;
}

export const trainCommand = (): Command =>
  new Command("train")
    .description("Train a supernet; writes RUN/checkpoint and RUN/log.jsonl.")
    .requiredOption("--space <name|file>", "search space: a shipped one or a JSON file")
    .requiredOption(
      "--data <source>",
      "images: a folder, a list (.csv, .jsonl), .parquet or .tar files, fashion-mnist, mnist, cifar10:FOLDER or cifar100:FOLDER",
    )
    .requiredOption("--out <run>", "folder of the run")
    .option("--recipe <name|file>", "training recipe: paper, short, or a JSON file", "short")
    .option("--engine <name>", `where to train: ${engineChoices}`, engineName, defaultEngine)
    .option("--epochs <n>", "passes over the images", positiveNumber)
    .addOption(new Option("--steps <n>", "updates, instead of epochs").argParser(positiveWhole).conflicts("epochs"))
    .addOption(
      new Option("--minutes <n>", "as many updates as this time allows here, measured at the start")
        .argParser(positiveNumber)
        .conflicts(["epochs", "steps"]),
    )
    .option("--batch <n>", "images per update", positiveWhole)
    .option(
      "--norm-group <n|auto>",
      "images that share batch norm statistics, instead of the recipe's number; auto: as many as fit into memory",
      normGroupOf,
    )
    .option("--seed <n>", "fixes everything", wholeNumber, 0)
    .option("--threads <n>", "worker threads; never changes a result", fewWhole)
    .addOption(
      new Option(
        "--execution <how>",
        "children on slices of the weights, or masked in the whole supernet; by default what suits the engine",
      ).choices(["masked", "sliced"]),
    )
    .addOption(
      new Option(
        "--precision-train <type>",
        "how products are made, where the engine has it: float32 unless given",
      ).choices(trainingPrecisions),
    )
    .addOption(
      new Option(
        "--images <where>",
        "pixels all in memory, or none; by default as many as fit; never changes a result",
      ).choices(["memory", "stream"]),
    )
    .option("--skip-broken", "leave out pictures that can't be read; the run lists them")
    .option("--resume", "resume from the run's checkpoint")
    .addHelpText("after", "\nExample: nestling train --space fashion --data fashion-mnist --out runs/full --epochs 10")
    .configureOutput({ outputError: (text, write) => sayOnce(() => write(text)) })
    .action((options: Options) => onRanks(options, (ranks, terminal) => run(options, ranks, terminal)));

async function run(options: Options, ranks: Ranks, terminal: Output): Promise<void> {
  const { space, recipe, data } = await agree(ranks, () => read(options, terminal));
  for (const line of data.about) terminal.note(line);
  const mirrored = recipe.augmentation.flip ? " (which mirrors pictures)" : "";
  const processes = ranks.size > 1 ? `, on ${ranks.size} ranks` : "";
  terminal.note(
    `Training ${space.name} on ${data.train.count} images of ${data.name}, recipe ${recipe.name}${mirrored}${processes}; writing ${options.out}`,
  );
  const steps = terminal.progress("train");
  let detail = "";
  const outcome = await train({
    space,
    data,
    source: options.data,
    recipe,
    out: options.out,
    engine: options.engine,
    seed: options.seed,
    resume: options.resume ?? false,
    ranks,
    ...(options.execution !== undefined && { execution: options.execution }),
    ...(options.precisionTrain !== undefined && { precision: options.precisionTrain }),
    ...(options.normGroup !== undefined && { normGroup: options.normGroup }),
    onNote: (line) => terminal.note(line),
    ...(options.steps !== undefined && { steps: options.steps }),
    ...(options.minutes !== undefined && { minutes: options.minutes }),
    ...(options.threads !== undefined && { threads: options.threads }),
    onLog: ({ biggest, smallest, imagesPerSecond }) => {
      const of = (role: typeof biggest): string => (role ? percent(role.accuracy) : "-");
      detail = `biggest ${of(biggest)} smallest ${of(smallest)} ${imagesPerSecond} images/s`;
    },
    onStep: (done, total) => steps.update(done, total, detail),
  }).finally(() => steps.stop());
  const { seconds, imagesPerSecond, engine } = outcome;
  terminal.result(
    outcome,
    [
      imagesPerSecond === 0
        ? `All ${outcome.steps} steps were trained before.`
        : `Trained ${outcome.steps} steps in ${seconds.toFixed(0)} s (${imagesPerSecond.toFixed(0)} images/s, ${engine}).`,
      `Next: nestling search ${shellWord(options.out)} --budget macs=2M, or nestling export ${shellWord(options.out)} --arch biggest --out biggest.onnx`,
    ].join("\n"),
  );
}

/** The files that the flags name. */
async function read(
  options: Options,
  terminal: Output,
): Promise<{ space: SearchSpace; recipe: Recipe; data: Dataset }> {
  const space = await loadSpace(options.space);
  const named = await loadRecipe(options.recipe);
  const { batch = named.batch } = options;
  // The norm groups of a recipe of the user's own stay as its author wants them.
  const sized = shippedRecipes.includes(options.recipe) ? withBatch(named, batch) : { ...named, batch };
  const recipe = recipeSchema.parse({
    ...sized,
    ...(options.epochs !== undefined && { epochs: options.epochs }),
  });
  const reading = terminal.reading();
  const data = await loadDataset(options.data, {
    ...{ size: space.resolutions.at(-1)!, channels: space.channels, onPicture: reading.update },
    ...(options.images && { images: options.images }),
    ...(options.skipBroken && { broken: "skip" }),
    ...(options.resume && (await picturesOf(options.out))),
  }).finally(() => reading.stop());
  return { space, recipe, data };
}

/** A run that is resumed keeps its order of classes, and does without the pictures that it did without. */
async function picturesOf(out: string): Promise<Pick<ImageWishes, "classes" | "leaveOut">> {
  const begun = await openCheckpoint(join(out, "checkpoint")).catch(() => undefined);
  return { leaveOut: await leftOutOf(out), ...(begun && { classes: begun.description.data.classes }) };
}
