/** nestling search */
import { join } from "node:path";
import { Command } from "commander";
import { shellWord } from "../../base/text.js";
import { defaultRecalibrationImages } from "../../compile/compile-child.js";
import { defaultOpset } from "../../compile/opsets.js";
import { checkPlace } from "../../base/check-place.js";
import { unseenClasses } from "../../run/unseen-classes.js";
import { defaultSeconds } from "../../evaluate/latency.js";
import { agrees } from "../../evaluate/probe.js";
import { search, type SearchOutcome } from "../../deploy/search-and-export.js";
import { parseBudgets, type Budget } from "../../search/budget.js";
import { readLatencyProfile } from "../../search/profile/profile-file.js";
import { openCrew } from "../../queue/crew.js";
import { checkQueue } from "../../queue/redis.js";
import { comparePrecisions } from "../../search/compare-precisions.js";
import { judgedIn } from "../../search/search-file.js";
import { explain } from "../../search/explain.js";
import { defaultFineCandidates } from "../../search/search.js";
import { warningsOf } from "../../target/machine-state.js";
import { millions, milliseconds, percent, table, thousands } from "../../base/format.js";
import {
  collect,
  opsetNumber,
  positiveWhole,
  probeOption,
  queueOption,
  sessionSeconds,
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
import { describeNumerics } from "../describe-numerics.js";
import {
  int8ForOption,
  layoutFor,
  maxLossOption,
  notesOn,
  precisionsFrom,
  precisionsOption,
  type PrecisionFlags,
} from "../precision-options.js";
import { openOn } from "../open-on.js";
import { output } from "../output.js";
import { searchBar } from "../search-bar.js";
import { checkMaxLoss } from "../../compile/precisions.js";

interface Options extends CommonOptions, PrecisionFlags, TargetFlags, DifferenceFlag {
  readonly budget: readonly string[];
  readonly data?: string;
  readonly out?: string;
  readonly fine: number;
  readonly recalibrationImages: number;
  readonly opset: number;
  readonly seed: number;
  readonly resume?: boolean;
  readonly seconds: number;
  readonly probe: boolean;
  readonly profile?: readonly string[];
  readonly queue?: string;
}

export const searchCommand = (): Command =>
  new Command("search")
    .description("Search coarse to fine; writes search.json and the child chosen for each budget.")
    .argument("<run>", "folder of a trained run")
    .requiredOption(
      "--budget <kind=limit>",
      "latency=1.5ms, latency@pi=12ms, macs=5M or parameters=100k; may be given several times",
      collect,
    )
    .option("--data <source>", "the run's data set, where it lies now")
    .option("--out <folder>", "where to write; the run by default")
    .option(
      "--fine <n>",
      "children judged for each budget after the grid, at most",
      positiveWhole,
      defaultFineCandidates,
    )
    .option("--recalibration-images <n>", "training images for batch norm", positiveWhole, defaultRecalibrationImages)
    .option("--opset <n>", "ONNX's opset of the files; older runtimes load older ones", opsetNumber, defaultOpset)
    .addOption(precisionsOption())
    .addOption(int8ForOption())
    .addOption(maxLossOption())
    .option("--seed <n>", "of the proposals", wholeNumber, 0)
    .option("--resume", "resume from search.json")
    .option(...targetOption)
    .option(...tokenOption)
    .option(...differenceOption)
    .option(...probeOption)
    .option("--profile <file>", "latency profile of a target, to propose by; may be given several times", collect)
    .option("--seconds <n>", "length of the latency session", sessionSeconds, defaultSeconds)
    .option(...queueOption)
    .addHelpText(
      "after",
      "\nExample: nestling search runs/full --budget latency=0.3ms --budget macs=3M\n         nestling search runs/full --budget macs=3M --queue redis://redis.lan:6379",
    )
    .action(async (folder: string, options: Options) => {
      const terminal = output(options.json ?? false);
      const asked = precisionsFrom(options);
      if (options.maxLoss !== undefined) checkMaxLoss(options.maxLoss, asked);
      const budgets = parseBudgets(options.budget);
      const out = options.out ?? folder;
      // Before the pictures are read.
      await checkPlace(join(out, "search.json"));
      const profiles = await Promise.all((options.profile ?? []).map(readLatencyProfile));
      if (options.queue !== undefined) await checkQueue(options.queue);
      const run = await openOn(terminal, folder, options.data);
      terminal.note(
        `Searching ${run.supernet.space.name} on ${thousands(run.validation.length)} validation images; writing ${out}`,
      );
      for (const line of unseenClasses(run)) terminal.note(line);
      const bar = searchBar(terminal);
      const crew =
        options.queue === undefined
          ? undefined
          : await openCrew(run, {
              queue: options.queue,
              resume: options.resume ?? false,
              onNote: (line) => terminal.note(line),
              onProgress: (progress) => bar.crew(progress),
            });
      const targets = targetsOf(options.target, budgets);
      const isNamed = options.target !== undefined || targets[0] !== "local";
      const {
        result: found,
        children,
        earlier,
      } = await onTargets(
        targets,
        options,
        terminal,
        async ([target, ...otherTargets]) => {
          const { int8For, layoutWhy } = await layoutFor(options, isNamed ? target : undefined);
          if (layoutWhy !== undefined) terminal.note(`int8 for ${int8For}: ${layoutWhy}`);
          for (const line of notesOn(int8For)) terminal.note(line);
          return search(run, {
            budgets,
            out,
            target: target!,
            otherTargets,
            onNote: (line) => terminal.note(line),
            profiles,
            seconds: options.seconds,
            differences: differencesOf(options),
            withoutProbe: !options.probe,
            fineCandidates: options.fine,
            recalibrationImages: options.recalibrationImages,
            opset: options.opset,
            precision: int8For ? precisionsFrom({ ...options, int8For }) : asked,
            ...(layoutWhy !== undefined && { layoutWhy }),
            ...(options.maxLoss !== undefined && { maxLoss: options.maxLoss }),
            seed: options.seed,
            resume: options.resume ?? false,
            ...(crew && { crew }),
            onCandidate: ({ phase, id, macs }, { done, total, judgedImages }) =>
              bar.search(
                done,
                total,
                `${phase} ${id} at ${millions(macs)} MACs; ${thousands(judgedImages)} images judged`,
              ),
          });
        },
        (name) => crew?.target(name),
      ).finally(async () => {
        bar.stop();
        await crew?.close();
      });
      const rows = children.map(({ budget, path, certificate }) => ({
        budget,
        id: certificate.id,
        ...(found.precisions && { precision: certificate.precision }),
        px: `${certificate.architecture.resolution}`,
        MACs: millions(certificate.macs),
        parameters: thousands(certificate.parameters),
        "test accuracy": percent(certificate.accuracy),
        latency: milliseconds(certificate.latencyMs),
        ...Object.fromEntries(
          (certificate.otherTargets ?? []).map((on) => [`on ${on.target}`, milliseconds(on.latencyMs)]),
        ),
        file: path,
      }));
      terminal.result(
        {
          out,
          candidates: found.candidates.length,
          judgedImages: found.judgedImages,
          front: found.front,
          chosen: found.chosen,
          children,
          earlier,
        },
        [
          `Judged ${judgedOf(found)} ${found.precisions ? "children" : "architectures"} on ${thousands(found.judgedImages)} images in all (${join(out, "search.json")}).`,
          table(rows),
          ...children.flatMap(({ path, certificate }) =>
            [certificate, ...(certificate.otherTargets ?? [])].flatMap(({ target, latency: { numerics } }) =>
              numerics && !agrees(numerics) ? describeNumerics(target, numerics).map((line) => `${path}: ${line}`) : [],
            ),
          ),
          ...warningsOfChildren(children),
          ...explain(found),
          ...comparePrecisions(found),
          ...earlier.map(
            (path) =>
              `${path} was there before this search, which chose otherwise. Delete it, or \`nestling deploy ${out}\` takes it too.`,
          ),
          `Next: nestling verify ${shellWord(children[0]?.path ?? "child.onnx")} --run ${shellWord(folder)}`,
        ].join("\n"),
      );
    });

/** `34`, or `11 of 33`: what is within no budget saw no images. */
function judgedOf(found: SearchOutcome["result"]): string {
  const [judged, all] = [judgedIn(found), found.candidates.length];
  return judged < all ? `${thousands(judged)} of ${thousands(all)}` : thousands(all);
}

/** Those of --target first, else the first that a budget names, else this machine; then those that budgets name. */
function targetsOf(given: readonly string[] | undefined, budgets: readonly Budget[]): readonly string[] {
  const latencies = budgets.filter(({ kind }) => kind === "latency");
  const named = latencies.flatMap(({ target }) => target ?? []);
  const isOwn = latencies.some(({ target }) => target === undefined);
  const first = given ?? [(isOwn ? undefined : named[0]) ?? "local"];
  return [...new Set([...first, ...named])];
}

/** What happened on each target while children were timed; those of a session share it. */
const warningsOfChildren = (children: SearchOutcome["children"]): string[] => {
  const all = children.flatMap(({ certificate }) =>
    [certificate, ...(certificate.otherTargets ?? [])].flatMap(({ target, latency: { state } }) =>
      (state ? warningsOf(state) : []).map((line) => `${target}: ${line}`),
    ),
  );
  return [...new Set(all)];
};
