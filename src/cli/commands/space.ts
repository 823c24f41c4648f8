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
  const supernet = buildSupernet(space);
  return {
    id: idOf(space, architecture),
    architecture,
    ...costOf(slice(supernet.graph, supernet.settingOf(architecture)), architecture.resolution),
  };
}

type Named = ReturnType<typeof costs> & { readonly name: string };

const costTable = (architectures: readonly Named[]): string =>
  table(
    architectures.map(({ name, id, architecture, macs, parameters, peakBytes }) => ({
      architecture: name,
      id,
      px: `${architecture.resolution}`,
      MACs: millions(macs),
      parameters: thousands(parameters),
      "peak bytes": thousands(peakBytes),
    })),
  );

async function extremes(space: SearchSpace, arch: string | undefined): Promise<Named[]> {
  const all =
    arch === undefined
      ? [["smallest", smallest(space)] as const, ["biggest", biggest(space)] as const]
      : [[arch, await loadArchitecture(space, arch)] as const];
  return all.map(([name, architecture]) => ({ name, ...costs(space, architecture) }));
}

/** One row a part with layers: what it chooses, and what is the same for every architecture. */
function partTable(parts: readonly Part[]): string {
  const own = new Set(parts.flatMap(({ blocks }) => blocks?.each.map(({ name }) => name) ?? []));
  const facts = ["stride", "activation", "SE of", "choice per"];
  const columns = [...new Set(["block", "width", "depth", "kernel", ...own]), ...facts];
  const rows = parts.flatMap((part) => {
    if (!part.facts) return [];
    const lists = new Map(choicesOf([part]).map(({ name, values }) => [name, values.join(", ")]));
    const cells = columns.map((column) => [column, lists.get(column) ?? part.facts?.[column] ?? "-"] as const);
    return [{ stage: part.name, ...Object.fromEntries(cells) }];
  });
  return table(rows);
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
            partTable(space.parts),
            "",
            costTable(architectures),
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
        const text = architectures.length > 0 ? costTable(architectures) : count.toLocaleString("en-US");
        output(json ?? false).result({ space: space.name, count: count.toString(), architectures }, text);
      }),
    );
