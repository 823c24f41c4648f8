/** nestling deploy */
import { Command, InvalidArgumentError } from "commander";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../base/user-error.js";
import { deployChildren } from "../../format/deploy-child.js";
import { formatNames, formats, type FormatName } from "../../format/formats.js";
import { readPlaces, type LeftOut } from "../../format/given-children.js";
import { deploySlices } from "../../format/slices/deploy-slices.js";
import { openOn } from "../open-on.js";
import type { CommonOptions } from "../options.js";
import { output, type Output } from "../output.js";

interface Options extends CommonOptions {
  readonly for: readonly (FormatName | typeof SLICES)[];
  readonly out: string;
  readonly sign?: string;
  readonly data?: string;
}

/** A folder of a whole run; the formats are of a child each. */
const SLICES = "nestling-slices";
const names = [...formatNames, SLICES] as const;

export const deployCommand = (): Command =>
  new Command("deploy")
    .description("Write folders that other stacks load as they are: model, certificate, preprocessing, labels, README.")
    .argument("<child...>", "an .onnx file that nestling exported; several; or a run, for all that its search exported")
    .requiredOption("--for <formats>", `one or several, with commas: ${names.join(", ")}`, formatList)
    .requiredOption("--out <folder>", "gets FORMAT of each format, or NAME/FORMAT of each of several files")
    .option("--sign <key>", "signs each folder: a PEM file of a private Ed25519 key")
    .option("--data <source>", `for ${SLICES}: the run's data set, where it lies now`)
    .addHelpText(
      "after",
      [
        "\nFormats:",
        ...Object.entries(formats).map(([name, { says }]) => `  ${name.padEnd(SLICES.length)} ${says}`),
        `  ${SLICES} nestling export --slice: a run's children in float32, its weights but once`,
        "\nExample: nestling deploy runs/full/children/macs-3M.onnx --for triton,python --out deployed",
      ].join("\n"),
    )
    .action(async (given: readonly string[], options: Options) => {
      const terminal = output(options.json ?? false);
      if (options.for.includes(SLICES)) await deployAsSlices(given, options, terminal);
      else await deployAsFormats(given, options, terminal);
    });

async function deployAsFormats(
  given: readonly string[],
  { for: wanted, out, sign, data }: Options,
  terminal: Output,
): Promise<void> {
  if (data !== undefined) {
    const got = "given without the format that needs pictures";
    throw new UserError("cli/deploy", { at: "--data", got, want: `--for ${SLICES}`, fix: "Leave --data out." });
  }
  const leftOut: LeftOut[] = [];
  const earlier: string[] = [];
  const deployed = await deployChildren(given, {
    ...{ formats: wanted as readonly FormatName[], out },
    onLeftOut(left) {
      leftOut.push(left);
      const { format, name, precision } = left;
      terminal.note(`Left out for ${format}, which takes float32 alone: ${name}.onnx, in ${precision}`);
    },
    onEarlier: (name) => earlier.push(name),
    ...(sign !== undefined && { signWith: sign }),
  });
  noteEarlier(earlier, terminal);
  terminal.result(
    { deployed, leftOut, earlier },
    deployed.map(({ folder, format }) => `${folder}: ${formats[format].says}; its README.md says how`).join("\n"),
  );
}

function noteEarlier(names: readonly string[], terminal: Output): void {
  if (names.length === 0) return;
  const files = names.map((name) => `${name}.onnx`).join(", ");
  terminal.note(
    `Deployed too, but not chosen by the last search (left by an earlier one, or exported by hand): ${files}`,
  );
}

async function deployAsSlices(places: readonly string[], options: Options, terminal: Output): Promise<void> {
  const folder = await onlyRun(places, options);
  const given = await readPlaces([folder]);
  const files = given.map(({ file }) => file);
  const [kept, others] = [true, false].map((isFloat) =>
    files.filter(({ certificate }) => (certificate.precision === "float32") === isFloat),
  ) as [typeof files, typeof files];
  if (others.length > 0) {
    terminal.note(`Left out, since slices are in float32: ${others.map(({ name }) => name).join(", ")}`);
  }
  const earlier = given.filter(({ file, isEarlier }) => isEarlier && kept.includes(file)).map(({ file }) => file.name);
  noteEarlier(earlier, terminal);
  const run = await openOn(terminal, folder, options.data);
  const out = join(options.out, SLICES);
  await deploySlices(run, kept, { out });
  const names = kept.map(({ name }) => name);
  terminal.result({ folder: out, slices: names, earlier }, `${out}: ${names.join(", ")}; its README.md says how`);
}

/** @throws UserError `cli/deploy` where it isn't a run, or something else is asked for with it */
async function onlyRun([run, ...more]: readonly string[], { for: wanted, sign }: Options): Promise<string> {
  const isFolder = await stat(run!).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const others = [
    ...wanted.filter((name) => name !== SLICES),
    ...(sign === undefined ? [] : ["--sign"]),
    ...(isFolder ? more : [run!]),
  ];
  if (others.length === 0) return run!;
  const got = `given with ${others.join(", ")}`;
  const fix = "Name the folder of the run whose search exported the children, and deploy the rest apart.";
  throw new UserError("cli/deploy", { at: `--for ${SLICES}`, got, want: "one run and no more", fix });
}

function formatList(text: string): Options["for"] {
  const asked = text.split(",").map((name) => name.trim());
  const unknown = asked.find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`Want ${names.join(", ")}; not "${unknown}".`);
  return [...new Set(asked)] as Options["for"];
}
