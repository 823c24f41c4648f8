/** nestling bench */
import { Command } from "commander";
import { benchFiles } from "../../evaluate/bench-files.js";
import { milliseconds, percent, table } from "../../base/format.js";
import { defaultSeconds } from "../../evaluate/latency.js";
import { fewWhole, sessionSeconds, wholeNumber, type CommonOptions } from "../options.js";
import { onTarget } from "../on-target.js";
import { output } from "../output.js";

interface Options extends CommonOptions {
  readonly threads: number;
  readonly seed: number;
  readonly seconds: number;
  readonly samples?: string;
}

/** Above this, a comparison of two sessions says little. */
const NOISY = 0.05;
/** From so many sessions on, a machine's profile is no reason for a wide interval. */
const KNOWN_SESSIONS = 4;

export const benchCommand = (): Command =>
  new Command("bench")
    .description("Latency of children on this machine, timed together by docs/latency-protocol.md.")
    .argument("<files...>", ".onnx files")
    .option("--threads <n>", "onnxruntime's threads", fewWhole, 1)
    .option("--seed <n>", "of inputs and rounds", wholeNumber, 0)
    .option("--seconds <n>", "length of the session: a longer one repeats better", sessionSeconds, defaultSeconds)
    .option("--samples <file>", "write the raw rounds, as JSON lines")
    .addHelpText("after", "\nExample: nestling bench runs/full/children/*.onnx")
    .action(async (files: string[], { threads, seed, seconds, samples, json }: Options) => {
      const terminal = output(json ?? false);
      terminal.note(`Timing ${files.length} file${files.length > 1 ? "s" : ""} together for ${seconds} s`);
      const found = await onTarget({ threads }, (target) =>
        benchFiles(files, { target, seed, seconds, ...(samples !== undefined && { samples }) }),
      );
      const rows = found.results.map(({ name, undisturbedMs, repeatability, p50Ms, p90Ms, minMs, rounds }) => ({
        file: name,
        undisturbed: milliseconds(undisturbedMs),
        "another session": `± ${percent(repeatability, 1)}`,
        p50: milliseconds(p50Ms),
        p90: milliseconds(p90Ms),
        min: milliseconds(minMs),
        rounds: `${rounds}`,
      }));
      const { environment: e } = found;
      const worst = Math.max(...found.results.map(({ repeatability }) => repeatability));
      const { scale, profileSessions } = found.results[0]!;
      const isNew = profileSessions > 0 && profileSessions < KNOWN_SESSIONS;
      const [reason, advice] = isNew
        ? [`Few sessions of this machine are known (${profileSessions})`, "Each further one narrows it."]
        : ["This machine is too noisy", `Stop other work, or give --seconds ${4 * seconds}.`];
      terminal.result(
        found,
        [
          table(rows),
          ...(worst > NOISY ? [`${reason}: ± ${percent(worst, 0)}. ${advice}`] : []),
          ...(profileSessions > 0
            ? [
                `Times ${scale.toFixed(3)}, by the anchor in ${profileSessions} session${profileSessions > 1 ? "s" : ""} of this machine; \`nestling doctor\` shows its profile.`,
              ]
            : []),
          `${e.cpu}, ${e.cores} cores, ${e.threads} thread${e.threads > 1 ? "s" : ""}, batch 1, onnxruntime ${e.onnxruntime}, Node ${e.node}`,
        ].join("\n"),
      );
    });
