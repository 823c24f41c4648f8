/** Latency of any .onnx files of image classifiers, timed together; the first one stands twice, as an A/A pair, to show the noise. */
import { UserError } from "../base/user-error.js";
import { readUserBytes } from "../base/user-file.js";
import { describeModel } from "../onnx/decode.js";
import type { Environment } from "./environment.js";
import { openLatencyBench, type Latency, type LatencyOptions } from "./latency.js";

export interface BenchResult {
  readonly environment: Environment;
  readonly anchorMs: number;
  readonly results: readonly Latency[];
  /** Relative difference of one model to itself in the same run: smaller differences mean nothing. */
  readonly noise: number;
}

/** @throws UserError `evaluate/model` */
export async function benchFiles(paths: readonly string[], options: LatencyOptions = {}): Promise<BenchResult> {
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
      const mistake = { code: "evaluate/model", want: "an .onnx file", fix: "Check the path." };
      const bytes = await readUserBytes(path, mistake);
      return { name: path, bytes, dims: inputDims(bytes, path) };
    }),
  );
  const bench = await openLatencyBench(options);
  try {
    const measured = await bench.measure([...models, { ...models[0]!, name: "A/A" }]);
    const results = measured.slice(0, -1);
    const noise = Math.abs(measured[measured.length - 1]!.p50Ms / results[0]!.p50Ms - 1);
    return { environment: bench.environment, anchorMs: bench.anchorMs, results, noise };
  } finally {
    await bench.close();
  }
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
