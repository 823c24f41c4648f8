/** nestling bench */
import { Command } from "commander";
import { UserError } from "../../base/user-error.js";
import { benchFiles, type BenchResult } from "../../deploy/bench-files.js";
import { defaultSeconds } from "../../evaluate/latency.js";
import { gateLatency, type GateResult } from "../../deploy/gate.js";
import {
  fewWhole,
  frameRate,
  lastingSeconds,
  sessionSeconds,
  share,
  wholeNumber,
  type CommonOptions,
} from "../options.js";
import {
  differenceOption,
  differencesOf,
  onTargets,
  targetOption,
  tokenOption,
  type DifferenceFlag,
  type TargetFlags,
} from "../on-target.js";
import { describeBench } from "../describe-bench.js";
import { output } from "../output.js";

interface Options extends CommonOptions, TargetFlags, DifferenceFlag {
  readonly threads?: number;
  readonly seed: number;
  readonly seconds: number;
  readonly pace?: number;
  readonly sustain?: number;
  readonly samples?: string;
  readonly against?: string;
  readonly failAbove?: number;
}

/** Slower by this share, a gate fails. */
const FAIL_ABOVE = 0.05;

export const benchCommand = (): Command =>
  new Command("bench")
    .description("Latency of children on this machine or other targets, timed together by docs/latency-protocol.md.")
    .argument("<files...>", ".onnx files")
    .option(...targetOption)
    .option(...tokenOption)
    .option(...differenceOption)
    .option("--threads <n>", "short for --target local:threads=N", fewWhole)
    .option("--seed <n>", "of inputs and rounds", wholeNumber, 0)
    .option("--seconds <n>", "length of the session: a longer one repeats better", sessionSeconds, defaultSeconds)
    .option(
      "--pace <rate>",
      "then also one run a frame, such as 30fps, as an app does that idles in between",
      frameRate,
    )
    .option(
      "--sustain <time>",
      "then also each file without a pause, such as 60s: its end against its start",
      lastingSeconds,
    )
    .option("--samples <file>", "write the raw rounds, as JSON lines")
    .option("--against <certificate>", "compare with the latency that a certificate states")
    .option(
      "--fail-above <percent>",
      "with --against: exit code 1 where it is slower by more, beyond chance (default: 5%)",
      share,
    )
    .addHelpText("after", "\nExample: nestling bench runs/full/children/*.onnx --target local:threads=2")
    .action(
      async (
        files: string[],
        { seed, seconds, pace, sustain, samples, against, failAbove, json, ...where }: Options,
      ) => {
        const terminal = output(json ?? false);
        const targets = targetsOf(where);
        if (failAbove !== undefined && against === undefined) throw nothingToCompare();
        if (samples !== undefined || against !== undefined) refuseSeveral(files, targets, against !== undefined);
        const protocol = {
          seed,
          seconds,
          differences: differencesOf(where),
          ...(pace !== undefined && { everyMs: 1000 / pace }),
          ...(sustain !== undefined && { sustainSeconds: sustain }),
          ...(samples !== undefined && { samples }),
        };
        const found = await onTargets(targets, where, terminal, async (opened) => {
          const results: (BenchResult | GateResult)[] = [];
          for (const target of opened) {
            const place = target.name === "local" ? "" : ` on ${target.name}`;
            const more = [
              ...(pace === undefined ? [] : [`at ${pace} fps for ${seconds} s`]),
              ...(sustain === undefined ? [] : [`each without a pause for ${sustain} s`]),
            ];
            const what = `${files.length} file${files.length > 1 ? "s" : ""} together for ${seconds} s${place}`;
            terminal.note(`Timing ${[what, ...more].join(", then ")}`);
            const options = { ...protocol, target };
            results.push(
              against === undefined
                ? await benchFiles(files, options)
                : await gateLatency(files[0]!, against, failAbove ?? FAIL_ABOVE, options),
            );
          }
          return results;
        });
        if (found.some((result) => "failed" in result && result.failed)) process.exitCode = 1;
        const texts = found.map((result) => describeBench(result, seconds));
        terminal.result(
          found.length === 1 ? found[0]! : { targets: found },
          found.length === 1 ? texts[0]! : texts.map((text, i) => `${found[i]!.target}\n${text}`).join("\n\n"),
        );
      },
    );

/** @throws UserError `cli/target` where both options say it */
function targetsOf({ target, threads }: Pick<Options, "target" | "threads">): readonly string[] {
  if (threads === undefined) return target ?? ["local"];
  if (target === undefined) return [threads === 1 ? "local" : `local:threads=${threads}`];
  const fix = `Write --target local:threads=${threads}.`;
  throw new UserError("cli/target", { at: "--threads", got: "given with --target", want: "one of them", fix });
}

/** A gate that compares with nothing would never fail. */
const nothingToCompare = (): UserError =>
  new UserError("cli/bench", {
    at: "--fail-above",
    got: "given without --against",
    want: "a certificate to compare with",
    fix: "Add --against child.json.",
  });

/** @throws UserError `cli/bench` where options are of one file and one target, and there are more */
function refuseSeveral(files: readonly string[], targets: readonly string[], isGate: boolean): void {
  const option = isGate ? "--against" : "--samples";
  const [count, what] = isGate && files.length > 1 ? [files.length, "file"] : [targets.length, "target"];
  if (count === 1) return;
  const fix = `Call bench once for each ${what}.`;
  throw new UserError("cli/bench", { at: option, got: `given with ${count} ${what}s`, want: `one ${what}`, fix });
}
