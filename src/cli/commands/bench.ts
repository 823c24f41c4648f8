/** nestling bench */
import { Command } from "commander";
import { benchFiles } from "../../evaluate/bench-files.js";
import { milliseconds, percent, table } from "../../base/format.js";
import { fewWhole, wholeNumber, type CommonOptions } from "../options.js";
import { onTarget } from "../on-target.js";
import { output } from "../output.js";

interface Options extends CommonOptions {
  readonly threads: number;
  readonly seed: number;
}

export const benchCommand = (): Command =>
  new Command("bench")
    .description("Latency of children on this machine, timed together by docs/latency-protocol.md.")
    .argument("<files...>", ".onnx files")
    .option("--threads <n>", "onnxruntime's threads", fewWhole, 1)
    .option("--seed <n>", "of inputs and rounds", wholeNumber, 0)
    .addHelpText("after", "\nExample: nestling bench runs/full/children/*.onnx")
    .action(async (files: string[], { threads, seed, json }: Options) => {
      const found = await onTarget({ threads }, (target) => benchFiles(files, { target, seed }));
      const rows = found.results.map(({ name, p50Ms, intervalMs: [low, high], p90Ms, minMs, rounds }) => ({
        file: name,
        p50: milliseconds(p50Ms),
        "95 % interval": `${low.toFixed(3)}–${high.toFixed(3)}`,
        p90: milliseconds(p90Ms),
        min: milliseconds(minMs),
        rounds: `${rounds}`,
      }));
      const { environment: e } = found;
      output(json ?? false).result(
        found,
        [
          table(rows),
          `One model differs from itself by ${percent(found.noise)} here: smaller differences mean nothing.`,
          `${e.cpu}, ${e.cores} cores, ${e.threads} thread${e.threads > 1 ? "s" : ""}, batch 1, onnxruntime ${e.onnxruntime}, Node ${e.node}`,
        ].join("\n"),
      );
    });
