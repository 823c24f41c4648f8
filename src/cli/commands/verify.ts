/** nestling verify */
import { Command } from "commander";
import { stat } from "node:fs/promises";
import { UserError } from "../../base/user-error.js";
import { verifyChild, type Verification } from "../../deploy/verify.js";
import { verifyFolder } from "../../format/verify-folder.js";
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
import { output, type Output } from "../output.js";

interface Options extends CommonOptions, TargetFlags, DifferenceFlag {
  readonly run?: string;
  readonly data?: string;
  readonly key?: string;
  readonly seconds: number;
}

export const verifyCommand = (): Command =>
  new Command("verify")
    .description(
      "Rerun the certificate beside a child, or check a deployed folder; exit code 1 where something differs. With --target, its latency must repeat within 5 % in one of five tries.",
    )
    .argument("<file>", "an .onnx file that nestling exported, or a folder that `nestling deploy` wrote")
    .option("--run <run>", "the run it is from: compiles it again and compares it with the supernet")
    .option("--data <source>", "the data set: measures accuracy again")
    .option("--key <key>", "of a folder: it must be signed by this key, a PEM file of a public Ed25519 key")
    .option(...targetOption)
    .option(...tokenOption)
    .option(...differenceOption)
    .option("--seconds <n>", "length of the latency session", sessionSeconds, defaultSeconds)
    .addHelpText("after", "\nExample: nestling verify runs/full/children/macs-3M.onnx --run runs/full")
    .action(async (file: string, { run, data, key, seconds, json, ...where }: Options) => {
      const terminal = output(json ?? false);
      if (await isFolder(file)) {
        refuseOfFolder(file, { run, data, target: where.target });
        const options = key === undefined ? {} : { signedBy: key };
        show(await verifyFolder(file, options), terminal);
        return;
      }
      refuseKeyOfFile(file, key);
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
      show(verification, terminal);
    });

const marks = { passed: "ok     ", failed: "DIFFERS", skipped: "skipped", noted: "note   " };

function show(verification: Verification, terminal: Output): void {
  const { file, passed, checks } = verification;
  terminal.result(
    verification,
    [
      ...checks.map(({ name, verdict, detail }) => `${marks[verdict]} ${name}: ${detail}`),
      passed ? `${file} is what its certificate says.` : `${file} is not what its certificate says.`,
    ].join("\n"),
  );
  if (!passed) process.exitCode = 1;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** @throws UserError `cli/verify` where a key is given: only folders are signed */
function refuseKeyOfFile(file: string, key: string | undefined): void {
  if (key === undefined) return;
  const fix = "Name the folder that `nestling deploy --sign` wrote.";
  throw new UserError("cli/verify", { at: "--key", got: `given with the file ${file}`, want: "a folder", fix });
}

/** @throws UserError `cli/verify` where an option asks for more than a folder's files tell */
function refuseOfFolder(folder: string, given: Readonly<Record<string, unknown>>): void {
  const [option] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (option === undefined) return;
  const fix = "Name the .onnx file in it, with its certificate beside it.";
  throw new UserError("cli/verify", { at: `--${option}`, got: `given with the folder ${folder}`, want: "a file", fix });
}
