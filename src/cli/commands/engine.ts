/** nestling engine install */
import { Command } from "commander";
import { installEngine, megabytes } from "../../install/install.js";
import type { CommonOptions } from "../options.js";
import { output } from "../output.js";

interface Options extends CommonOptions {
  readonly gpu?: boolean;
  readonly index?: string;
}

export const engineCommand = (): Command =>
  new Command("engine").description("The training engines that npm alone can't bring.").addCommand(installCommand());

const installCommand = (): Command =>
  new Command("install")
    .description("Make the engine node (or node-gpu) real: libtensorflow from PyPI, the binding compiled, a check.")
    .option("--gpu", "node-gpu: with CUDA 12 and cuDNN, about 3 GB to fetch")
    .option("--index <url>", "a package index as pip has it (default: PIP_INDEX_URL, pip's configuration, or PyPI)")
    .addHelpText("after", "\nExample: nestling engine install")
    .action(async ({ gpu, index, json }: Options) => {
      const terminal = output(json ?? false);
      const engine = gpu ? "node-gpu" : "node";
      let [bar, of, shown] = [terminal.progress("download"), "", 0];
      const outcome = await installEngine({
        engine,
        ...(index !== undefined && { index }),
        onNote(line) {
          bar.stop();
          terminal.note(line);
        },
        onDownload(wheel, done, total = done) {
          if (wheel !== of) [bar, of, shown] = [terminal.progress("download"), wheel, 0];
          // Chunks are small: one update a megabyte, and the last.
          if (done - shown < 1e6 && done < total) return;
          shown = done;
          bar.update(Math.round(done / 1e6), Math.round(total / 1e6), `MB of ${wheel}`);
        },
      }).finally(() => bar.stop());
      const { folder, version, difference, wheels, extractedBytes, seconds } = outcome;
      const fetched = wheels.reduce((sum, { bytes }) => sum + bytes, 0);
      const lines = [
        outcome.installed
          ? `Installed ${engine} (TensorFlow ${version}) in ${folder}: ${megabytes(fetched)} fetched, ${megabytes(extractedBytes)} extracted, ${seconds.toFixed(0)} s.`
          : `${engine} (TensorFlow ${version}) is there and works: ${folder}.`,
        `Checked: differs from the wasm engine by ${difference.toExponential(1)} at most.`,
        ...(gpu && !outcome.gpu
          ? ["It sees no GPU now: the check ran on the CPU. nvidia-smi shows what the driver sees."]
          : []),
        `Next: nestling train … --engine ${engine}`,
      ];
      terminal.result(outcome, lines.join("\n"));
    });
