/** nestling verify */
import { Command } from "commander";
import { verifyChild } from "../../deploy/verify.js";
import { defaultSeconds } from "../../evaluate/latency.js";
import { sessionSeconds, type CommonOptions } from "../options.js";
import {
  differenceOption,
  differencesOf,
  onTargets,
  targetOption,
  tokenOption,
  type DifferenceFlag,
  type TargetFlags,
} from "../on-target.js";
import { output } from "../output.js";

interface Options extends CommonOptions, TargetFlags, DifferenceFlag {
  readonly run?: string;
  readonly data?: string;
  readonly seconds: number;
}

export const verifyCommand = (): Command =>
  new Command("verify")
    .description(
      "Rerun the certificate beside a child; exit code 1 where something differs. With --target, its latency must repeat within 5 % in one of five tries.",
    )
    .argument("<file>", "an .onnx file that nestling exported")
    .option("--run <run>", "the run it is from: compiles it again and compares it with the supernet")
    .option("--data <source>", "the data set: measures accuracy again")
    .option(...targetOption)
    .option(...tokenOption)
    .option(...differenceOption)
    .option("--seconds <n>", "length of the latency session", sessionSeconds, defaultSeconds)
    .addHelpText("after", "\nExample: nestling verify runs/full/children/macs-3M.onnx --run runs/full")
    .action(async (file: string, { run, data, seconds, json, ...where }: Options) => {
      const terminal = output(json ?? false);
      terminal.note(`Verifying ${file}; its latency session takes ${seconds} s`);
      const given = { ...(run !== undefined && { run }), ...(data !== undefined && { data }) };
      const verification = await onTargets(where.target ?? ["local"], where, terminal, ([target, ...otherTargets]) =>
        verifyChild(file, {
          ...{
            ...given,
            seconds,
            target: target!,
            otherTargets,
            differences: differencesOf(where),
            onNote: (text) => terminal.note(text),
          },
          // On a target that is named, the certified latency is a claim.
          ...(where.target !== undefined && { repeat: {} }),
        }),
      );
      const marks = { passed: "ok     ", failed: "DIFFERS", skipped: "skipped", noted: "note   " };
      terminal.result(
        verification,
        [
          ...verification.checks.map(({ name, verdict, detail }) => `${marks[verdict]} ${name}: ${detail}`),
          verification.passed ? `${file} is what its certificate says.` : `${file} is not what its certificate says.`,
        ].join("\n"),
      );
      if (!verification.passed) process.exitCode = 1;
    });
