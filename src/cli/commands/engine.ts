/** nestling engine install */
import { Argument, Command } from "commander";
import { UserError } from "../../base/user-error.js";
import { pjrtPlatforms, type PjrtPlatform } from "../../engine/pjrt/installed.js";
import type { TensorflowEngine } from "../../engine/tensorflow/installed.js";
import { installOnnxruntime } from "../../install/install-onnxruntime.js";
import { installPlugin } from "../../install/install-plugin.js";
import { installEngine } from "../../install/install.js";
import { megabytes, type FetchedWheels, type WheelOptions } from "../../install/wheels.js";
import type { CommonOptions } from "../options.js";
import { output, type Output } from "../output.js";

interface Options extends CommonOptions {
  readonly gpu?: boolean;
  readonly index?: string;
}

const plugins = pjrtPlatforms.map((platform) => `pjrt=${platform}` as const);
const choices = ["node", "node-gpu", "pjrt", ...plugins, "onnxruntime"] as const;
type Choice = (typeof choices)[number];

export const engineCommand = (): Command =>
  new Command("engine").description("The training engines that npm alone can't bring.").addCommand(installCommand());

const installCommand = (): Command =>
  new Command("install")
    .description(
      "Make an engine real: node or node-gpu (libtensorflow from PyPI, the binding compiled, a check), or pjrt (a plugin of XLA's from PyPI). onnxruntime, which runs models, is fetched where npm has left it out.",
    )
    .addArgument(
      new Argument("[engine]", "pjrt alone: cuda13 or cuda12 by NVIDIA's driver, else cpu; default: node").choices(
        choices,
      ),
    )
    .option("--gpu", "node-gpu: with CUDA 12 and cuDNN, about 3 GB to fetch")
    .option("--index <url>", "a package index as pip has it (default: PIP_INDEX_URL, pip's configuration, or PyPI)")
    .addHelpText("after", "\nExample: nestling engine install pjrt=cpu")
    .action(async (named: Choice | undefined, { gpu, index, json }: Options) => {
      const terminal = output(json ?? false);
      const choice = named ?? (gpu ? "node-gpu" : "node");
      refuseUnused(choice, { ...(gpu && { gpu }), ...(index !== undefined && { index }) });
      const { shown, stop } = wheelOptions(terminal, index);
      const install =
        choice === "onnxruntime"
          ? bringOnnxruntime(shown)
          : choice === "node" || choice === "node-gpu"
            ? installTensorflow(gpu ? "node-gpu" : choice, shown)
            : installPjrt(choice, shown);
      const { result, lines } = await install.finally(stop);
      terminal.result(result, lines.join("\n"));
    });

function refuseUnused(choice: Choice, { gpu, index }: Pick<Options, "gpu" | "index">): void {
  const got = `given with ${choice}`;
  if (gpu && !choice.startsWith("node")) {
    const fix = choice === "onnxruntime" ? "Leave it out." : "Name pjrt=cuda12 or pjrt=cuda13.";
    throw new UserError("cli/engine", { at: "--gpu", got, want: "it with the engine node alone", fix });
  }
  if (index !== undefined && choice === "onnxruntime") {
    const fix = "npm fetches it from the registry of npm's own configuration: npm config set registry URL.";
    throw new UserError("cli/engine", { at: "--index", got, want: "it with what PyPI has", fix });
  }
}

/** Notes are lines, and each wheel has a progress bar. */
function wheelOptions(terminal: Output, index: string | undefined): { shown: WheelOptions; stop: () => void } {
  let [bar, of, shown] = [terminal.progress("download"), "", 0];
  return {
    stop: () => bar.stop(),
    shown: {
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
    },
  };
}

interface Outcome {
  readonly result: object;
  readonly lines: readonly string[];
}

const sizes = ({ wheels, extractedBytes }: FetchedWheels): string => {
  const fetched = wheels.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${megabytes(fetched)} fetched, ${megabytes(extractedBytes)} extracted`;
};

async function installTensorflow(engine: TensorflowEngine, options: WheelOptions): Promise<Outcome> {
  const result = await installEngine({ engine, ...options });
  const { folder, version, difference, seconds, gpu } = result;
  const lines = [
    result.installed
      ? `Installed ${engine} (TensorFlow ${version}) in ${folder}: ${sizes(result)}, ${seconds.toFixed(0)} s.`
      : `${engine} (TensorFlow ${version}) is there and works: ${folder}.`,
    `Checked: differs from the wasm engine by ${difference.toExponential(1)} at most.`,
    ...(engine === "node-gpu" && !gpu
      ? ["It sees no GPU now: the check ran on the CPU. nvidia-smi shows what the driver sees."]
      : []),
    `Next: nestling train … --engine ${engine}`,
  ];
  return { result, lines };
}

async function installPjrt(choice: Choice, options: WheelOptions): Promise<Outcome> {
  const [, platform] = choice.split("=") as [string, PjrtPlatform?];
  const result = await installPlugin({ ...options, ...(platform && { platform }) });
  const { plugin, device, seconds } = result;
  const lines = [
    result.installed
      ? `Installed pjrt (${result.platform}): ${plugin}: ${sizes(result)}, ${seconds.toFixed(0)} s.`
      : `pjrt (${result.platform}) is there: ${plugin}.`,
    device.works
      ? `Checked: a convolution is right on ${device.detail}.`
      : `It is loaded, and finds no device now: ${device.detail}.`,
    `Next: nestling train … --engine pjrt`,
  ];
  return { result, lines };
}

async function bringOnnxruntime({ onNote }: WheelOptions): Promise<Outcome> {
  const result = await installOnnxruntime({ ...(onNote && { onNote }) });
  const { folder, version, installed, seconds } = result;
  const lines = [
    installed
      ? `Installed onnxruntime ${version} in ${folder}: ${seconds.toFixed(0)} s.`
      : `onnxruntime ${version} is there: ${folder}.`,
    "Checked: it runs a model.",
  ];
  return { result, lines };
}
