/** Latency of any .onnx files of image classifiers, timed together; the first one is timed twice, as an A/A pair, to show the noise. */
import { UserError } from "../base/user-error.js";
import { readUserBytes, type Mistake } from "../base/user-file.js";
import { describeModel } from "../onnx/decode.js";
import type { Environment } from "../target/environment.js";
import type { Target } from "../target/target.js";
import { withLatencyBench, type LatencyOptions } from "./latency.js";
import type { Latency } from "./rounds.js";

/** How and where files are timed. */
export interface BenchOptions extends LatencyOptions {
  /** Where they are timed: on this machine by default. */
  readonly target?: Target;
}

/** The latencies of files that were timed together. */
export interface BenchResult {
  /** Name of the target. */
  readonly target: string;
  readonly environment: Environment;
  /** The anchor's own median in ms. */
  readonly anchorMs: number;
  /** In the order of the files. */
  readonly results: readonly Latency[];
  /** Relative difference of one model to itself in the same run: smaller differences mean nothing. */
  readonly noise: number;
}

/**
 * Times .onnx files of image classifiers together, at batch 1 where the batch is free.
 * @throws UserError `evaluate/model` where one is missing or no model of one float input, `runtime/model`, `target/…`
 */
export async function benchFiles(paths: readonly string[], options: BenchOptions = {}): Promise<BenchResult> {
  if (paths.length === 0) {
    throw new UserError("evaluate/model", {
      at: "files",
      got: "none",
      want: "at least one .onnx file",
      fix: "Name one.",
    });
  }
  const models = await Promise.all(
    paths.map(async (path) => {
      const mistake: Mistake = { code: "evaluate/model", want: "an .onnx file", fix: "Check the path." };
      const bytes = await readUserBytes(path, mistake);
      return { name: path, bytes, dims: inputDims(bytes, path) };
    }),
  );
  const { target, ...protocol } = options;
  return withLatencyBench(target, protocol, async (bench) => {
    const measured = await bench.measure([...models, { ...models[0]!, name: "A/A" }]);
    const results = measured.slice(0, -1);
    const noise = Math.abs(measured[measured.length - 1]!.p50Ms / results[0]!.p50Ms - 1);
    return { target: bench.target, environment: bench.environment, anchorMs: bench.anchorMs, results, noise };
  });
}

/** The first input's shape, 1 for every free dimension. */
function inputDims(bytes: Uint8Array, at: string): readonly number[] {
  const wrong = (got: string): UserError =>
    new UserError("evaluate/model", {
      at,
      got,
      want: "an ONNX model with one float input",
      fix: "Name an .onnx file that `nestling export` wrote.",
    });
  const model = describeModel(bytes);
  if (!model) throw wrong("not an ONNX file");
  const [input] = model.inputs;
  if (model.inputs.length !== 1 || !input?.dims) throw wrong(`a model with ${model.inputs.length} inputs`);
  return input.dims;
}
