/** nestling export */
import { Command } from "commander";
import { defaultRecalibrationImages } from "../../compile/compile-child.js";
import { explain } from "../../compile/explain.js";
import { layouts } from "../../compile/layouts.js";
import { defaultOpset, opsetRow } from "../../compile/opsets.js";
import type { StepReport } from "../../compile/pass.js";
import { checkMaxLoss, defaultPrecision, precisions } from "../../compile/precisions.js";
import { UserError } from "../../base/user-error.js";
import { shellWord } from "../../base/text.js";
import { exportSlice } from "../../format/slices/export-slice.js";
import { unseenClasses } from "../../run/unseen-classes.js";
import { defaultSeconds } from "../../evaluate/latency.js";
import { checkOut } from "../../deploy/check-out.js";
import type { Certificate } from "../../deploy/certificate.js";
import { countOf } from "../../deploy/quantized-nodes.js";
import { exportChild } from "../../deploy/export-child.js";
import type { Environment } from "../../target/environment.js";
import { warningsOf } from "../../target/machine-state.js";
import { loadArchitecture } from "../../supernet/spaces.js";
import { millions, milliseconds, percent, thousands } from "../../base/format.js";
import { fewWhole, opsetNumber, positiveWhole, probeOption, sessionSeconds, type CommonOptions } from "../options.js";
import {
  differenceOption,
  differencesOf,
  onTargets,
  targetOption,
  tokenOption,
  type DifferenceFlag,
  type TargetFlags,
} from "../on-target.js";
import { describeNumerics } from "../describe-numerics.js";
import { timedBy } from "../timed-by.js";
import {
  int8ForOption,
  layoutFor,
  maxLossOption,
  notesOn,
  precisionOf,
  precisionOption,
  type PrecisionFlags,
} from "../precision-options.js";
import { openOn } from "../open-on.js";
import { output } from "../output.js";

interface Options extends CommonOptions, PrecisionFlags, TargetFlags, DifferenceFlag {
  readonly arch?: string;
  readonly slice?: string;
  readonly out: string;
  readonly data?: string;
  readonly recalibrationImages: number;
  readonly opset: number;
  readonly staticBatch?: number;
  readonly explain?: boolean;
  readonly probe: boolean;
  readonly seconds: number;
}

export const exportCommand = (): Command =>
  new Command("export")
    .description("Slice, recalibrate, fold, emit and verify one child; writes the .onnx file and its certificate.")
    .argument("<run>", "folder of a trained run, or of slices")
    .option("--arch <which>", "an id, a JSON file, biggest, smallest, or random:SEED")
    .requiredOption("--out <file>", "the .onnx file to write")
    .option(
      "--slice <slice>",
      "of a folder of slices, as deploy --for nestling-slices writes one: the child of that name",
    )
    .option("--data <source>", "the run's data set, where it lies now")
    .option("--recalibration-images <n>", "training images for batch norm", positiveWhole, defaultRecalibrationImages)
    .option("--opset <n>", "ONNX's opset of the file; older runtimes load older ones", opsetNumber, defaultOpset)
    .option("--static-batch <n>", "a fixed batch size instead of a free one", fewWhole)
    .addOption(precisionOption())
    .addOption(int8ForOption())
    .addOption(maxLossOption())
    .option("--explain", "say what each step of the compiler rewrote, and why it did nothing elsewhere")
    .option(...targetOption)
    .option(...tokenOption)
    .option(...differenceOption)
    .option(...probeOption)
    .option("--seconds <n>", "length of the latency session", sessionSeconds, defaultSeconds)
    .addHelpText("after", "\nExample: nestling export runs/full --arch biggest --out biggest.onnx")
    .action(async (folder: string, options: Options, command: Command) => {
      const terminal = output(options.json ?? false);
      const { arch, slice } = options;
      if (slice !== undefined) {
        refuseBesideSlice(command);
        const of = await exportSlice(folder, slice, options.out);
        const next = `Next: nestling verify ${shellWord(options.out)}`;
        terminal.result(of, `${options.out}: ${slice}, SHA-256 ${of.sha256}, as it is certified beside it\n${next}`);
        return;
      }
      if (arch === undefined) command.error("error: required option '--arch <which>' not specified");
      const asked = precisionOf(options);
      if (options.maxLoss !== undefined) checkMaxLoss(options.maxLoss, [asked]);
      // Before the pictures are read.
      await checkOut(options.out);
      const run = await openOn(terminal, folder, options.data);
      const architecture = await loadArchitecture(run.supernet.space, arch);
      terminal.note(`Exporting ${arch} of ${folder} to ${options.out}; its latency session takes ${options.seconds} s`);
      let report: readonly StepReport[] = [];
      let where: Environment | undefined;
      const c = await onTargets(options.target ?? ["local"], options, terminal, async ([target, ...otherTargets]) => {
        where = await target!.environment();
        const { int8For, layoutWhy } = await layoutFor(options, options.target && target);
        for (const line of notesOn(int8For)) terminal.note(line);
        return exportChild(run, architecture, {
          out: options.out,
          recalibrationImages: options.recalibrationImages,
          opset: options.opset,
          precision: int8For ? precisionOf({ ...options, int8For }) : asked,
          ...(layoutWhy !== undefined && { layoutWhy }),
          ...(options.maxLoss !== undefined && { maxLoss: options.maxLoss }),
          target: target!,
          otherTargets,
          seconds: options.seconds,
          differences: differencesOf(options),
          withoutProbe: !options.probe,
          ...(options.staticBatch !== undefined && { staticBatch: options.staticBatch }),
          onCompiled: (child) => (report = child.report),
        });
      });
      const [low, high] = c.accuracyInterval;
      terminal.result(
        options.explain ? { ...c, report } : c,
        [
          ...(options.explain ? [explain(report), ""] : []),
          `${options.out}: ${c.id}, ${c.architecture.resolution} px, ${millions(c.macs)} MACs, ${thousands(c.parameters)} parameters, ${thousands(c.fileBytes)} bytes`,
          `  accuracy ${percent(c.accuracy)} (${percent(low)} to ${percent(high)}) on ${c.testImages} test images`,
          ...unseenClasses(run, ["test"]).map((line) => `           ${line}`),
          `  latency  ${milliseconds(c.latencyMs)} ± ${percent(c.latency.repeatability, 1)} undisturbed (p50 ${milliseconds(c.latency.p50Ms)}, p90 ${milliseconds(c.latency.p90Ms)})`,
          ...timedBy(c, where!).map((line) => `           ${line}`),
          ...precisionLines(c),
          `  opset ${options.opset}: onnxruntime ${opsetRow(options.opset).onnxruntime} and newer load it`,
          ...(c.otherTargets ?? []).map(
            (on) =>
              `  on ${on.target} ${milliseconds(on.latencyMs)} ± ${percent(on.latency.repeatability, 1)} undisturbed`,
          ),
          ...[c, ...(c.otherTargets ?? [])].flatMap(({ target, latency: { numerics, state } }) =>
            [...describeNumerics(target, numerics), ...(state ? warningsOf(state) : [])].map((line) => `  ${line}`),
          ),
          `  differs from the supernet by at most ${c.maxDifference.toExponential(1)}; ${c.tolerance.toExponential(1)} allowed`,
          `Next: nestling verify ${shellWord(options.out)} --run ${shellWord(folder)}`,
        ].join("\n"),
      );
    });

/** @throws UserError `cli/export` where an option is given that a slice, whose file and certificate are made, has no use for */
function refuseBesideSlice(command: Command): void {
  const known = new Set(["slice", "out", "json", "debug"]);
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const other = command.options.find((option) => !known.has(option.attributeName()) && isGiven(option.attributeName()));
  if (!other) return;
  const fix = `A slice is written as it was certified: leave ${other.long!} out.`;
  throw new UserError("cli/export", { at: other.long!, got: "given with --slice", want: "--out and no other", fix });
}

/** Nothing for float32. */
const precisionLines = ({ precision, keptInFloat32: kept = [], quantization }: Certificate): string[] => {
  if (precision === defaultPrecision) return [];
  const why = quantization ? "that lose most" : "whose values leave its range";
  const named =
    kept.length > 0 ? `, but for ${kept.length} ${quantization ? "layers" : "nodes"} in float32 ${why}` : "";
  return [
    `  ${precision}: ${precisions[precision].says}${named}`,
    ...(quantization ? describeQuantization(quantization) : []),
  ];
};

const describeQuantization = ({
  layout,
  quantized,
  float,
  unfused,
  ranges,
  loss,
}: NonNullable<Certificate["quantization"]>): string[] => {
  const taken = ranges.find(({ isTaken }) => isTaken)!;
  const counted = layouts[layout!.name].provenBy === "the file" ? "by what the file quantises, " : "";
  return [
    `  for ${layout!.name}: ${layout!.why}`,
    `  ${counted}${countOf(quantized)} nodes in whole numbers, ${countOf(float)} in float32${countOf(float) > 0 ? ` (${Object.keys(float).join(", ")})` : ""}; ranges by ${taken.way}`,
    ...(loss
      ? [
          `  ${loss.points < 0 ? "gains" : "loses"} ${Math.abs(loss.points).toFixed(1)} points (± ${loss.spread.toFixed(1)}) on ${loss.images} images set aside; ${loss.most} may be lost`,
        ]
      : []),
    ...(unfused > 0 ? [`  NOT INT8: ${unfused} convolutions or dense layers compute in float32 here`] : []),
  ];
};
