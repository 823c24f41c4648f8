/** nestling deploy */
import { Command, InvalidArgumentError } from "commander";
import { deployChildren } from "../../format/deploy-child.js";
import { childPaths } from "../../format/shipped-children.js";
import { formatNames, formats, type FormatName } from "../../format/formats.js";
import type { CommonOptions } from "../options.js";
import { output } from "../output.js";

interface Options extends CommonOptions {
  readonly for: readonly FormatName[];
  readonly out: string;
  readonly sign?: string;
}

export const deployCommand = (): Command =>
  new Command("deploy")
    .description("Write folders that other stacks load as they are: model, certificate, preprocessing, labels, README.")
    .argument("<child...>", "an .onnx file that nestling exported; several; or a run, for all that its search exported")
    .requiredOption("--for <formats>", `one or several, with commas: ${formatNames.join(", ")}`, formatList)
    .requiredOption("--out <folder>", "gets FORMAT of each format, or NAME/FORMAT of each of several files")
    .option("--sign <key>", "signs each folder: a PEM file of a private Ed25519 key")
    .addHelpText(
      "after",
      [
        "\nFormats:",
        ...Object.entries(formats).map(([name, { says }]) => `  ${name.padEnd(10)} ${says}`),
        "\nExample: nestling deploy runs/full/children/macs-3M.onnx --for triton,python --out deployed",
      ].join("\n"),
    )
    .action(async (given: readonly string[], { for: wanted, out, sign, json }: Options) => {
      const paths = (await Promise.all(given.map(childPaths))).flat();
      const deployed = await deployChildren(paths, {
        ...{ formats: wanted, out },
        ...(sign !== undefined && { signWith: sign }),
      });
      output(json ?? false).result(
        { deployed },
        deployed.map(({ folder, format }) => `${folder}: ${formats[format].says}; its README.md says how`).join("\n"),
      );
    });

function formatList(text: string): readonly FormatName[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(formats, name));
  if (unknown !== undefined) throw new InvalidArgumentError(`Want ${formatNames.join(", ")}; not "${unknown}".`);
  return [...new Set(names)] as FormatName[];
}
