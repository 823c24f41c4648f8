/** nestling profile */
import { Command } from "commander";
import { checkPlace } from "../../base/check-place.js";
import { milliseconds, percent, table } from "../../base/format.js";
import { UserError } from "../../base/user-error.js";
import { shellWord } from "../../base/text.js";
import { spaceOfRun } from "../../run/run.js";
import type { LatencyProfile } from "../../search/profile/profile-file.js";
import { defaultChildren, defaultProfileSeconds, profileTarget } from "../../search/profile/profile-target.js";
import type { SearchSpace } from "../../space/space.js";
import { loadSpace } from "../../supernet/spaces.js";
import { sessionSeconds, someChildren, wholeNumber, type CommonOptions } from "../options.js";
import { onTargets, targetOption, tokenOption, type TargetFlags } from "../on-target.js";
import { output } from "../output.js";

interface Options extends CommonOptions, TargetFlags {
  readonly space?: string;
  readonly children: number;
  readonly seconds: number;
  readonly seed: number;
  readonly out?: string;
}

export const profileCommand = (): Command =>
  new Command("profile")
    .description("Learn what kinds of layer cost a target, from a few dozen children; a search proposes by it.")
    .argument("[run]", "folder of a trained run, for its space")
    .option("--space <name|file>", "a space instead, shipped or a file: nothing need be trained")
    .option(...targetOption)
    .option(...tokenOption)
    .option("--children <n>", "to learn from; half as many more tell the errors", someChildren, defaultChildren)
    .option("--seconds <n>", "length of the measurements", sessionSeconds, defaultProfileSeconds)
    .option("--seed <n>", "of the children and their order", wholeNumber, 0)
    .option("--out <file>", "the profile; by default profiles/SPACE-TARGET.json")
    .addHelpText("after", "\nExample: nestling profile runs/full --target local")
    .action(async (run: string | undefined, { space: name, target: targets = ["local"], ...options }: Options) => {
      const { children, seconds, seed, out } = options;
      const terminal = output(options.json ?? false);
      refuseSeveral(targets);
      const space = await spaceOf(run, name);
      if (out !== undefined) await checkPlace(out);
      const bar = terminal.progress("profile");
      const { file, profile } = await onTargets(targets, options, terminal, async ([only]) => {
        const target = only!;
        const path = out ?? `profiles/${[space.name, target.name].join("-").replace(/[^\w.-]+/g, "-")}.json`;
        const measured = await profileTarget(space, {
          ...{ target, children, seconds, seed, out: path },
          onSession: (passes, over) => bar.update(Math.min(Math.round(over), seconds), seconds, `s, ${passes} passes`),
        });
        return { file: path, profile: measured };
      }).finally(() => bar.stop());
      terminal.result({ file, profile }, describe(file, profile));
    });

/** @throws UserError `cli/profile` where neither or both are given */
async function spaceOf(run: string | undefined, name: string | undefined): Promise<SearchSpace> {
  if (run !== undefined && name === undefined) return spaceOfRun(run);
  if (name !== undefined && run === undefined) return loadSpace(name);
  throw new UserError("cli/profile", {
    at: "profile",
    got: run === undefined ? "given neither a run nor --space" : "given a run and --space",
    want: "one of them",
    fix: "Name the run that will be searched, or its space: nestling profile --space fashion.",
  });
}

/** @throws UserError `cli/profile` */
function refuseSeveral(targets: readonly string[]): void {
  if (targets.length === 1) return;
  const fix = "Call profile once for each target.";
  throw new UserError("cli/profile", { at: "--target", got: `given ${targets.length} times`, want: "one target", fix });
}

function describe(file: string, profile: LatencyProfile): string {
  const { target, device, passes, noise, children, errors, linearErrors } = profile;
  const count = (use: "fitted" | "held out"): number => children.filter((child) => child.use === use).length;
  const rows = [
    ["this profile", errors] as const,
    ["without (MACs, numbers written, calls)", linearErrors] as const,
  ].map(([model, found]) => ({
    model,
    "within ± 10 %": percent(found.within10, 0),
    "± 5 %": percent(found.within5, 0),
    RMSE: percent(found.relativeRmse, 1),
    "in ms": milliseconds(found.rmseMs),
    "rank correlation": found.rankCorrelation.toFixed(3),
  }));
  return [
    `${target}: ${count("fitted")} children tell the costs, ${count("held out")} others the errors; each timed ${passes} times, ± ${percent(noise, 1)} by chance`,
    table(rows),
    device,
    `Next: nestling search RUN --budget latency=… --profile ${shellWord(file)}`,
  ].join("\n");
}
