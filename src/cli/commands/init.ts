/** nestling init */
import { Command } from "commander";
import { millions } from "../../base/format.js";
import { shellWord } from "../../base/text.js";
import { nameOfSource } from "../../data/load.js";
import { startingPoint, type StartingPoint } from "../../start/start.js";
import { checkStart, startFiles, writeStart, type StartFiles } from "../../start/write-start.js";
import { fewWhole, positiveNumber, type CommonOptions } from "../options.js";
import { output } from "../output.js";

interface Options extends CommonOptions {
  readonly out: string;
  readonly minutes: number;
  readonly threads?: number;
}

export const initCommand = (): Command =>
  new Command("init")
    .description("Look at pictures; write a space.json and a recipe.json that fit them and the time there is.")
    .argument("<data>", "images, as train --data takes them: mostly a folder with a folder for each class")
    .option("--out <folder>", "folder for the two files", ".")
    .option("--minutes <n>", "time for the training", positiveNumber, 30)
    .option("--threads <n>", "worker threads that will train", fewWhole)
    .addHelpText("after", "\nExample: nestling init photos --minutes 30")
    .action(async (source: string, { out, minutes, threads, json }: Options) => {
      const terminal = output(json ?? false);
      const files = startFiles(out);
      await checkStart(files);
      const reading = terminal.reading();
      terminal.note(`Looking at ${source}, and measuring how fast this machine trains on it`);
      const point = await startingPoint({
        ...{ source, minutes, onPicture: reading.update },
        ...(threads !== undefined && { threads }),
      }).finally(() => reading.stop());
      await writeStart(files, point);
      const next = nextSteps(source, files, point);
      terminal.result(resultOf(files, point, next), textOf(files, point, next));
    });

/** The commands from here to a verified child. */
function nextSteps(source: string, files: StartFiles, { data, macs }: StartingPoint): string[] {
  const run = shellWord(`runs/${nameOfSource(source)}`);
  // In the middle of what the space offers, by the logarithm.
  const budget = `${Number((Math.sqrt(macs.smallest * macs.biggest) / 1e6).toPrecision(2))}M`;
  const skip = data.broken.length > 0 ? " --skip-broken" : "";
  const [space, recipe] = [shellWord(files.space), shellWord(files.recipe)];
  return [
    `nestling train --space ${space} --recipe ${recipe} --data ${shellWord(source)}${skip} --out ${run}`,
    `nestling search ${run} --budget macs=${budget}`,
    `nestling verify ${run}/children/macs-${budget}.onnx --run ${run}`,
  ];
}

function resultOf(files: StartFiles, { space, recipe, survey, data, minutes, macs }: StartingPoint, next: string[]) {
  const { classes, train, test, about, broken } = data;
  return {
    files,
    data: { classes, training: train.count, test: test.count, ...survey, broken, about },
    space: { name: space.name, resolutions: space.resolutions, macs },
    recipe: { name: recipe.name, epochs: recipe.epochs, batch: recipe.batch },
    minutes,
    next,
  };
}

function textOf(files: StartFiles, point: StartingPoint, next: readonly string[]): string {
  const { space, recipe, survey, data, minutes, macs } = point;
  const { smallest, median, largest } = survey.sides;
  const sizes =
    smallest === largest
      ? `${smallest} pixels`
      : `${smallest} to ${largest} pixels on the shorter side, half of them at most ${median}`;
  const resolutions =
    space.resolutions.length > 1
      ? `${space.resolutions[0]!} to ${space.resolutions.at(-1)!}`
      : `${space.resolutions[0]!}`;
  return [
    ...data.about,
    `The pictures are ${survey.channels === 1 ? "grey" : "in colour"}, ${sizes}.`,
    "",
    `${files.space}: nets of ${millions(macs.smallest)} to ${millions(macs.biggest)} MACs, on pictures of ${resolutions} pixels.`,
    `${files.recipe}: ${recipe.epochs} epochs in batches of ${recipe.batch}. Pictures are not mirrored: set "flip": true in it if a mirrored picture shows the same.`,
    "",
    "Next:",
    ...next.map((line) => `  ${line}`),
    "",
    `Training takes about ${timeOf(minutes)} here. Guessing would be right in ${(100 / data.classes.length).toFixed(1)} % of the cases; what children reach, search measures.`,
  ].join("\n");
}

const timeOf = (minutes: number): string =>
  minutes < 1.5 ? `${Math.max(1, Math.round(60 * minutes))} seconds` : `${Math.round(minutes)} minutes`;
