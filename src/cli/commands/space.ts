/** nestling space show | check | count */
import { Command } from "commander";
import { costOf } from "../../graph/analyses.js";
import { loadArchitecture, loadSpace } from "../../supernet/spaces.js";
import { choicesOf, type Part } from "../../space/choices.js";
import { biggest, countArchitectures, idOf, smallest, type Architecture, type SearchSpace } from "../../space/space.js";
import { slice } from "../../supernet/slice.js";
import { buildSupernet } from "../../supernet/supernet.js";
import { millions, table, thousands } from "../../base/format.js";
import type { CommonOptions } from "../options.js";
import { output } from "../output.js";

interface Options extends CommonOptions {
  readonly arch?: string;
}

function costs(space: SearchSpace, architecture: Architecture) {
  const { graph, ...supernet } = buildSupernet(space);
  return {
    id: idOf(space, architecture),
    architecture,
    ...costOf(slice(graph, supernet.settingOf(architecture)), architecture.resolution),
  };
}

const describe = (
  name: string,
  { id, macs, parameters, peakBytes, architecture }: ReturnType<typeof costs>,
): string[] => [
  ...[name, id, `${architecture.resolution}`, millions(macs), thousands(parameters), thousands(peakBytes)],
];
const header = ["architecture", "id", "px", "MACs", "parameters", "peak bytes"];

async function extremes(space: SearchSpace, arch: string | undefined) {
  const named = arch === undefined ? [] : [[arch, await loadArchitecture(space, arch)] as const];
  const all =
    arch === undefined
      ? ([
          ["smallest", smallest(space)],
          ["biggest", biggest(space)],
        ] as const)
      : named;
  return all.map(([name, architecture]) => ({ name, ...costs(space, architecture) }));
}

/** One row a part with layers: what it chooses, and what is the same for every architecture. */
function partTable(parts: readonly Part[]): [header: string[], rows: string[][]] {
  const own = new Set(parts.flatMap(({ blocks }) => blocks?.each.map(({ name }) => name) ?? []));
  const facts = ["stride", "activation", "SE of", "choice per"];
  const columns = [...new Set(["block", "width", "depth", "kernel", ...own]), ...facts];
  const rows = parts.flatMap((part) => {
    if (!part.facts) return [];
    const lists = new Map(choicesOf([part]).map(({ name, values }) => [name, values.join(", ")]));
    return [[part.name, ...columns.map((column) => lists.get(column) ?? part.facts?.[column] ?? "-")]];
  });
  return [["stage", ...columns], rows];
}

const sub = (name: string, description: string, example: string): Command =>
  new Command(name)
    .description(description)
    .argument("<space>", "a shipped space or a JSON file")
    .option("--arch <which>", "an id, a JSON file, biggest, smallest, or random:SEED")
    .addHelpText("after", `\nExample: ${example}`);

export const spaceCommand = (): Command =>
  new Command("space")
    .description("Look at a search space.")
    .addCommand(
      sub(
        "show",
        "The table of a space and what its architectures cost.",
        "nestling space show attentivenas --arch smallest",
      ).action(async (name: string, { arch, json }: Options) => {
        const space = await loadSpace(name);
        const architectures = await extremes(space, arch);
        // `space` alone is a space file; loadSpace takes the whole document too, so that it can be saved, changed and used.
        output(json ?? false).result(
          { space: space.data, hash: space.hash, count: countArchitectures(space).toString(), architectures },
          [
            `${space.name}: ${space.description ?? ""}`,
            `${space.channels} channels, ${space.classes} classes, resolutions ${space.resolutions.join(", ")}; ${countArchitectures(space).toLocaleString("en-US")} architectures`,
            "",
            table(...partTable(space.parts)),
            "",
            table(
              header,
              architectures.map((cost) => describe(cost.name, cost)),
            ),
          ].join("\n"),
        );
      }),
    )
    .addCommand(
      sub(
        "check",
        "Validate a space (and an architecture); every mistake at once.",
        "nestling space check my-space.json",
      ).action(async (name: string, { arch, json }: Options) => {
        const space = await loadSpace(name);
        buildSupernet(space);
        if (arch !== undefined) await loadArchitecture(space, arch);
        output(json ?? false).result({ space: space.name, hash: space.hash, valid: true }, `${name} is a valid space.`);
      }),
    )
    .addCommand(
      sub(
        "count",
        "Number of architectures; with --arch its MACs, parameters and peak bytes.",
        "nestling space count bignas",
      ).action(async (name: string, { arch, json }: Options) => {
        const space = await loadSpace(name);
        const count = countArchitectures(space);
        const architectures = arch === undefined ? [] : await extremes(space, arch);
        const text =
          architectures.length > 0
            ? table(
                header,
                architectures.map((cost) => describe(cost.name, cost)),
              )
            : count.toLocaleString("en-US");
        output(json ?? false).result({ space: space.name, count: count.toString(), architectures }, text);
      }),
    );
