/** nestling target list | check */
import { Command } from "commander";
import { milliseconds, percent, table } from "../../base/format.js";
import { checkTarget } from "../../evaluate/check-target.js";
import { describeEnvironment } from "../../target/environment.js";
import { targetKinds } from "../../target/kinds.js";
import { namedTargets, TARGETS_FILE } from "../../target/targets-file.js";
import type { CommonOptions } from "../options.js";
import { onTargets, tokenOption, type TokenFlag } from "../on-target.js";
import { output } from "../output.js";

export const targetCommand = (): Command =>
  new Command("target")
    .description("The devices that latency can be measured on.")
    .addCommand(listCommand())
    .addCommand(checkCommand());

const listCommand = (): Command =>
  new Command("list")
    .description(`The targets of ${TARGETS_FILE}, and what can be written out.`)
    .addHelpText("after", "\nExample: nestling target list")
    .action(async ({ json }: CommonOptions) => {
      const { path, targets } = await namedTargets();
      const kinds = Object.entries(targetKinds).map(([kind, { written, what }]) => ({ kind, written, what }));
      const named = Object.entries(targets).map(([name, description]) => ({ name, ...description }));
      output(json ?? false).result(
        { path, targets: named, kinds },
        [
          path === undefined ? `No ${TARGETS_FILE} here or above.` : `${path}:`,
          ...(named.length > 0
            ? [table(named.map(({ name, kind }) => ({ name, kind, what: targetKinds[kind].what })))]
            : []),
          "Written out:",
          ...kinds.flatMap(({ written, what }) => (written === undefined ? [] : [`  ${written}: ${what}`])),
        ].join("\n"),
      );
    });

const checkCommand = (): Command =>
  new Command("check")
    .description("Load, run and time a small model on a target: does it answer, and what is it?")
    .argument("<target>", "a name, or written out")
    .option(...tokenOption)
    .addHelpText("after", "\nExample: nestling target check local:threads=2")
    .action(async (target: string, options: CommonOptions & TokenFlag) => {
      const terminal = output(options.json ?? false);
      terminal.note(`Checking ${target}; this takes a few seconds`);
      const found = await onTargets([target], options, terminal, ([only]) => checkTarget(only!));
      const { latency, difference } = found;
      const numerics =
        difference === undefined
          ? "it gives times alone"
          : `its outputs differ from this machine's by ${difference.toExponential(1)}`;
      const figure = `the anchor takes ${milliseconds(latency.undisturbedMs)} ± ${percent(latency.repeatability, 1)}`;
      terminal.result(
        found,
        [`${found.target} works: ${figure}; ${numerics}.`, describeEnvironment(found.environment)].join("\n"),
      );
    });
