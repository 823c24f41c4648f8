/** nestling bench */
import { Command } from "commander";
import { UserError } from "../../base/user-error.js";
import { benchFiles, type BenchResult } from "../../deploy/bench-files.js";
import { milliseconds, percent, sparkline, table } from "../../base/format.js";
import { densityOf } from "../../evaluate/distribution.js";
import type { Latency } from "../../evaluate/rounds.js";
import { defaultSeconds } from "../../evaluate/latency.js";
import { describeEnvironment } from "../../target/environment.js";
import { warningsOf } from "../../target/machine-state.js";
import { gateLatency, type GateResult } from "../../deploy/gate.js";
import { fewWhole, sessionSeconds, share, wholeNumber, type CommonOptions } from "../options.js";
import {
  differenceOption,
  differencesOf,
  onTargets,
  targetOption,
  tokenOption,
  type DifferenceFlag,
} from "../on-target.js";
import { describeNumerics } from "../describe-numerics.js";
import { output } from "../output.js";

interface Options extends CommonOptions, DifferenceFlag {
  readonly threads?: number;
  readonly target?: readonly string[];
  readonly tokenFile?: string;
  readonly seed: number;
  readonly seconds: number;
  readonly samples?: string;
  readonly against?: string;
  readonly failAbove: number;
}

/** Above this, a comparison of two sessions says little. */
const NOISY = 0.05;
/** Bars of a distribution. */
const BINS = 16;
/** From so many sessions on, a machine's profile is no reason for a wide interval. */
const KNOWN_SESSIONS = 4;

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
    .option("--samples <file>", "write the raw rounds, as JSON lines")
    .option("--against <certificate>", "compare with the latency that a certificate states")
    .option(
      "--fail-above <percent>",
      "with --against: exit code 1 where it is slower by more, beyond chance",
      share,
      0.05,
    )
    .addHelpText("after", "\nExample: nestling bench runs/full/children/*.onnx --target local:threads=2")
    .action(
      async (files: string[], { seed, seconds, samples, against, failAbove, json, tokenFile, ...where }: Options) => {
        const terminal = output(json ?? false);
        const targets = targetsOf(where);
        if (samples !== undefined || against !== undefined) refuseSeveral(files, targets, against !== undefined);
        const protocol = {
          seed,
          seconds,
          differences: differencesOf(where),
          ...(samples !== undefined && { samples }),
        };
        const flags = tokenFile === undefined ? {} : { tokenFile };
        const found = await onTargets(targets, flags, terminal, async (opened) => {
          const results: (BenchResult | GateResult)[] = [];
          for (const target of opened) {
            const place = target.name === "local" ? "" : ` on ${target.name}`;
            terminal.note(
              `Timing ${files.length} file${files.length > 1 ? "s" : ""} together for ${seconds} s${place}`,
            );
            const options = { ...protocol, target };
            results.push(
              against === undefined
                ? await benchFiles(files, options)
                : await gateLatency(files[0]!, against, failAbove, options),
            );
          }
          return results;
        });
        if (found.some((result) => "failed" in result && result.failed)) process.exitCode = 1;
        const texts = found.map((result) => describe(result, seconds));
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

/** @throws UserError `cli/bench` where options are of one file and one target, and there are more */
function refuseSeveral(files: readonly string[], targets: readonly string[], isGate: boolean): void {
  const option = isGate ? "--against" : "--samples";
  const [count, what] = isGate && files.length > 1 ? [files.length, "file"] : [targets.length, "target"];
  if (count === 1) return;
  const fix = `Call bench once for each ${what}.`;
  throw new UserError("cli/bench", { at: option, got: `given with ${count} ${what}s`, want: `one ${what}`, fix });
}

/** What the gate says. */
function verdict({ comparison, failed }: GateResult): string {
  const { ratio, expected, verdict: found, machine } = comparison;
  const speed = machine === undefined ? "" : `; the machine itself takes ${machine.toFixed(2)} ×, which is left out`;
  const figures = `${ratio.toFixed(3)} × the certified latency, ± ${percent(expected, 1)} by chance${speed}`;
  return `${failed ? "Failed" : "Passed"}: ${found}. ${figures}.`;
}

/** On this machine, files without a certificate have nothing to be compared with, and nobody asked. */
function numericsLines({ target, results, unchecked }: BenchResult): string[] {
  const checked = results.flatMap(({ name, numerics }) =>
    numerics ? [`${name} ${describeNumerics(target, numerics)}`] : [],
  );
  const not = unchecked.map(({ file, why }) => `${file}: numerics are not checked on ${target}: ${why}`);
  return [...checked, ...(target === "local" ? [] : not)];
}

/** Runs from the fastest to the one that 95 % are at most as slow as; the course has room for a quarter more than its fastest part. */
function distribution({ name, quantilesMs, courseMs }: Latency): Record<string, string> {
  const { range, shares } = densityOf(quantilesMs, BINS);
  const fastest = Math.min(...courseMs);
  return {
    file: name,
    runs: sparkline(shares),
    "from, to": range.map(milliseconds).join(", "),
    "over the session": sparkline(courseMs, [fastest, Math.max(1.25 * fastest, ...courseMs)]),
  };
}

function describe(found: BenchResult | GateResult, seconds: number): string {
  const { results, environment } = found;
  const known = (ms: number | undefined): string => (ms === undefined ? "-" : milliseconds(ms));
  const rows = results.map((latency) => ({
    file: latency.name,
    undisturbed: milliseconds(latency.undisturbedMs),
    "another session": `± ${percent(latency.repeatability, 1)}`,
    p50: milliseconds(latency.p50Ms),
    p90: milliseconds(latency.p90Ms),
    min: milliseconds(latency.minMs),
    "first run": known(latency.firstMs),
    load: known(latency.loadMs),
    rounds: `${latency.rounds}`,
  }));
  const worst = Math.max(...results.map(({ repeatability }) => repeatability));
  const { scale, profileSessions } = results[0]!;
  const isNew = profileSessions > 0 && profileSessions < KNOWN_SESSIONS;
  const [reason, advice] = isNew
    ? [`Few sessions of this machine are known (${profileSessions})`, "Each further one narrows it."]
    : ["This machine is too noisy", `Stop other work, or give --seconds ${4 * seconds}.`];
  return [
    table(rows),
    table(results.map(distribution)),
    ...numericsLines(found),
    // All of a session have one state.
    ...(results[0]!.state ? warningsOf(results[0]!.state) : []),
    ...(worst > NOISY ? [`${reason}: ± ${percent(worst, 0)}. ${advice}`] : []),
    ...(profileSessions > 0
      ? [
          `Times ${scale.toFixed(3)}, by the anchor in ${profileSessions} session${profileSessions > 1 ? "s" : ""} of this machine; \`nestling doctor\` shows its profile.`,
        ]
      : []),
    describeEnvironment(environment),
    ...("comparison" in found ? [verdict(found)] : []),
  ].join("\n");
}
