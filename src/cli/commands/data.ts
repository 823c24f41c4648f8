/** nestling data pack */
import { Command, Option } from "commander";
import { loadDataset } from "../../data/load.js";
import { gigabytes } from "../../data/pack/pack-plan.js";
import { packDataset } from "../../data/pack/write-pack.js";
import { loadSpace } from "../../supernet/spaces.js";
import { loadRecipe } from "../../train/recipe.js";
import { pictureSide, type CommonOptions } from "../options.js";
import { UserError } from "../../base/user-error.js";
import { shellWord } from "../../base/text.js";
import { output } from "../output.js";

interface Options extends CommonOptions {
  readonly out: string;
  readonly space?: string;
  readonly size?: readonly number[];
  readonly channels: "1" | "3";
  readonly skipBroken?: boolean;
  readonly recipe: string;
}

export const dataCommand = (): Command =>
  new Command("data").description("Prepare pictures once for all that follows.").addCommand(packCommand());

const packCommand = (): Command =>
  new Command("pack")
    .description("Prepare pictures once: later commands read their pixels by position, and decode nothing.")
    .argument("<data>", "pictures, as train --data takes them")
    .requiredOption("--out <folder>", "folder of the pack, which must not exist; --data takes it from then on")
    .addOption(
      new Option("--space <name|file>", "packs for this search space: all its resolutions, its channels").conflicts([
        "size",
        "channels",
      ]),
    )
    .option(
      "--size <n>",
      "height = width in pixels; may be given several times",
      (text, before: readonly number[] | undefined): readonly number[] => [...(before ?? []), pictureSide(text)],
    )
    .option(
      "--recipe <name|file>",
      "training recipe that it is for: with randomResizedCrop, whole pictures too",
      "short",
    )
    .addOption(new Option("--channels <n>", "1: grey; 3: colour").choices(["1", "3"]).default("3"))
    .option("--skip-broken", "leave out pictures that can't be read")
    .addHelpText("after", "\nExample: nestling data pack photos --space pictures-96 --out photos-packed")
    .action(async (source: string, options: Options) => {
      const terminal = output(options.json ?? false);
      const { sizes, channels } = await wantedBy(options);
      const recipe = await loadRecipe(options.recipe);
      const reading = terminal.reading();
      const data = await loadDataset(source, {
        ...{ size: Math.max(...sizes), channels, onPicture: reading.update },
        ...(options.skipBroken && { broken: "skip" }),
      }).finally(() => reading.stop());
      for (const line of data.about) terminal.note(line);
      const bar = terminal.progress("pack");
      const onSize = (bytes: number): void => terminal.note(`The pack will take about ${gigabytes(bytes)}.`);
      const packed = await packDataset({
        ...{ data, source, sizes, recipe, out: options.out, onSize, onImages: bar.update },
      }).finally(() => bar.stop());
      terminal.result(
        packed,
        [
          `Packed ${packed.images} pictures at ${packed.sizes.join(", ")} pixels${packed.wholePictures ? " and whole" : ""} in ${packed.out}: ${gigabytes(packed.bytes)}.`,
          `Next: nestling train --data ${shellWord(packed.out)} …, or --data ${shellWord(packed.out)} for a run that was trained on ${source}`,
        ].join("\n"),
      );
    });

async function wantedBy({ space, size = [], channels }: Options): Promise<{ sizes: number[]; channels: 1 | 3 }> {
  if (space !== undefined) {
    const { resolutions, channels } = await loadSpace(space);
    return { sizes: [...resolutions], channels };
  }
  if (size.length === 0) {
    const fix = "For example --space pictures-96, or --size 96 --size 64.";
    throw new UserError("data/pack", { at: "--size", want: "a size, or --space", fix });
  }
  return { sizes: [...size], channels: channels === "1" ? 1 : 3 };
}
