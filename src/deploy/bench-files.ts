/** Latency of any .onnx files of image classifiers, timed together in one session. */
import { resolve } from "node:path";
import { writeFileAtomic } from "../base/atomic-file.js";
import { thousands } from "../base/format.js";
import { UserError } from "../base/user-error.js";
import { readUserBytes, type Mistake } from "../base/user-file.js";
import { describeModel } from "../onnx/decode.js";
import type { Environment } from "../target/environment.js";
import type { Target } from "../target/target.js";
import { defaultSeconds, openLatencyBench, type LatencyBench, type LatencyOptions } from "../evaluate/latency.js";
import { timePaced, type PacedLatency } from "../evaluate/paced.js";
import { refuseProgram } from "../evaluate/refuse-program.js";
import type { Latency, Session } from "../evaluate/rounds.js";
import { timeSustained, type SustainedLatency } from "../evaluate/sustained.js";
import { withTarget } from "../target/local.js";
import { certificatePath } from "./certificate.js";
import { probeBeside } from "./probe-beside.js";

/** How and where files are timed. */
export interface BenchOptions extends LatencyOptions {
  /** Where they are timed: on this machine by default. */
  readonly target?: Target;
  /** Also times them with pauses: a run begins so many ms after the one before. It takes as long as the session. */
  readonly everyMs?: number | undefined;
  /** Also runs each of them without a pause for so many seconds, one after the other. */
  readonly sustainSeconds?: number | undefined;
  /** A file for the raw rounds, as JSON lines: what they are of, then one line a round. */
  readonly samples?: string;
}

/** The latencies of files that were timed together. */
export interface BenchResult {
  /** Name of the target. */
  readonly target: string;
  readonly environment: Environment;
  /** In the order of the files. */
  readonly results: readonly Latency[];
  /** With `everyMs`: in the order of the files. */
  readonly paced?: readonly PacedLatency[];
  /** With `sustainSeconds`: in the order of the files. */
  readonly sustained?: readonly SustainedLatency[];
  /** Files whose numerics were not checked on the target, and why. */
  readonly unchecked: readonly { readonly file: string; readonly why: string }[];
}

/**
 * Times .onnx files of image classifiers together, at batch 1 where the batch is free. A file with its certificate beside it must compute
 * on the target what the certificate's probe says.
 * @throws UserError `evaluate/model` where one is missing or no whole model of one float32 input, `runtime/model`, `target/run` where it fails, `target/…`,
 * `target/numerics` where the target computes a probe otherwise, unless differences are only noted,
 * `file/write` for the samples, before anything is timed
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
  if (options.samples !== undefined) refuseInputs(options.samples, [...paths, ...paths.map(certificatePath)]);
  const models = await Promise.all(
    paths.map(async (path) => {
      const mistake: Mistake = { code: "evaluate/model", want: "an .onnx file", fix: "Check the path." };
      const bytes = await readUserBytes(path, mistake);
      const dims = inputDims(bytes, path);
      const beside = await probeBeside(path, bytes);
      return "missing" in beside
        ? { name: path, bytes, dims, missing: beside.missing }
        : { name: path, bytes, dims, probe: beside };
    }),
  );
  const { target, samples, onSession, everyMs, sustainSeconds, ...protocol } = options;
  let session: Session | undefined;
  const keep = (measured: Session): void => {
    session = measured;
    onSession?.(measured);
  };
  return withTarget(target, async (device) => {
    if (everyMs !== undefined) refuseProgram(device, "a pace");
    if (sustainSeconds !== undefined) refuseProgram(device, "a sustained load");
    const bench = await openLatencyBench(device, { ...protocol, onSession: keep });
    const write = async (): Promise<void> => {
      if (samples !== undefined) await writeFileAtomic(samples, samplesText(bench, paths, session));
    };
    // Without rounds at first: a place that can't be written is refused before the long work.
    await write();
    const results = await bench.measure(models);
    await write();
    const { seed = 0, seconds = defaultSeconds, signal } = protocol;
    const paced = everyMs !== undefined && (await timePaced(device, models, { everyMs, seconds, seed, signal }));
    const sustained: SustainedLatency[] = [];
    if (sustainSeconds !== undefined) {
      for (const model of models) {
        sustained.push(await timeSustained(device, model, { seconds: sustainSeconds, seed, signal }));
      }
    }
    const unchecked = models.flatMap(({ name, missing }, i) =>
      results[i]!.numerics ? [] : [{ file: name, why: missing ?? "the target gives times alone" }],
    );
    return {
      ...{ target: bench.target, environment: bench.environment, results },
      ...(paced && { paced }),
      ...(sustainSeconds !== undefined && { sustained }),
      unchecked,
    };
  });
}

/** @throws UserError `file/write` where the samples would replace what is read */
export function refuseInputs(samples: string, inputs: readonly string[]): void {
  const place = resolve(samples);
  if (!inputs.some((input) => resolve(input) === place)) return;
  const got = "a file that this measurement reads";
  throw new UserError("file/write", {
    at: samples,
    got,
    want: "a file for the samples alone",
    fix: "Choose another name.",
  });
}

/** JSON lines: what the rounds are of, then each round; its times are in the order of `models`. */
function samplesText({ target, environment }: LatencyBench, paths: readonly string[], session?: Session): string {
  const head = { target, environment, models: [...paths, "anchor"], seconds: session?.seconds };
  return [head, ...(session?.rounds ?? [])].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Four pictures of 4096 × 4096 pixels have as many. What asks for more is no classifier, and inputs are drawn number by number. */
const MOST_NUMBERS = 2 ** 26;

/** The first input's shape, 1 for every free dimension. */
function inputDims(bytes: Uint8Array, at: string): readonly number[] {
  const wrong = (got: string): UserError =>
    new UserError("evaluate/model", {
      at,
      got,
      want: `one whole ONNX model with one input, of at most ${thousands(MOST_NUMBERS)} numbers in float32`,
      fix: "Name an .onnx file that `nestling export` wrote.",
    });
  const model = describeModel(bytes);
  if (!model) throw wrong("not an ONNX file");
  if (model.hasExternalData) throw wrong("a model whose weights lie in other files");
  const [input] = model.inputs;
  if (model.inputs.length !== 1) throw wrong(`a model with ${model.inputs.length} inputs`);
  const { name, type = "no tensor", dims } = input!;
  if (type !== "FLOAT") throw wrong(`a model whose input ${name} is ${type}`);
  if (!dims) throw wrong(`a model whose input ${name} has no shape`);
  const numbers = dims.reduce((product, size) => product * size, 1);
  if (numbers > MOST_NUMBERS) throw wrong(`a model whose input ${name} has ${thousands(numbers)} numbers`);
  return dims;
}
