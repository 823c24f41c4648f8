/**
 * The target `command`: any program that prints times, over ssh or adb or here. It loads the model anew for each visit of a round and warms
 * it up itself; it gives no outputs.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { permutation, random } from "../../base/random.js";
import { UserError } from "../../base/user-error.js";
import type { Environment } from "../environment.js";
import { loadedModels } from "../loaded-models.js";
import type { LoadedModel, Target, TimedRound } from "../target.js";
import { filled, lastLine, outputOf, type Words } from "./run-command.js";
import { readers, type ReaderName, type Timing } from "./readers.js";

/**
 * A program and how it gets its model. Each command is a list: the program, then its arguments, without a shell between. In arguments,
 * `{model}` stands for the file as the program finds it, `{file}` for the same file on this machine, `{runs}` for the number of runs,
 * `{dims}` for `1,3,224,224` and `{shape}` for `1x3x224x224`.
 */
export interface CommandOptions {
  /** Runs the model and prints times. */
  readonly run: readonly string[];
  /** Which program prints them. */
  readonly reads: ReaderName;
  /** Folder of the model on the device, where it is copied there; otherwise it lies here. */
  readonly place?: string | undefined;
  /** Copies {file} to {model}. */
  readonly copy?: readonly string[] | undefined;
  /** Removes {model}. */
  readonly remove?: readonly string[] | undefined;
  /** Run once, before the first model: brings the program to the device, for example. */
  readonly prepare?: readonly (readonly string[])[] | undefined;
  /** What the device is, for certificates and reports. */
  readonly device?: string | undefined;
  /** Runs of a visit; 100 by default. */
  readonly runs?: number | undefined;
  /** A command that takes longer is ended, in seconds; 120 by default. */
  readonly timeout?: number | undefined;
  /** Its name in results. */
  readonly name?: string | undefined;
}

/** A model's file, and the words that stand for it. */
type Placed = Readonly<Record<"file" | "model", string>>;

/** @throws UserError from `load` and `rounds`: `target/command` where a command fails or prints no times */
export function commandTarget(options: CommandOptions): Target {
  const { name = "command", run, reads, place, copy, remove, prepare = [], runs = 100, timeout = 120 } = options;
  const models = loadedModels(name);
  const placed = new WeakMap<LoadedModel, Placed>();
  const call = (command: readonly string[], words: Words = {}, signal?: AbortSignal): Promise<string> =>
    outputOf(name, filled(command, words), 1000 * timeout, signal);
  const timed = async (at: Placed, dims: readonly number[], signal?: AbortSignal): Promise<Timing> => {
    const words = { ...at, runs: `${runs}`, dims: dims.join(","), shape: dims.join("x") };
    const text = await call(run, words, signal);
    const found = readers[reads](text);
    // A ratio of two times of 0 is no number.
    if (found?.times.every((ms) => ms > 0 && ms < Infinity)) return found;
    throw new UserError("target/command", {
      at: `target ${name}: ${run[0]!}`,
      got: found ? "printing a time of 0 or without end" : `without times in what it printed (${lastLine(text)})`,
      want: found ? "times above 0, with more digits or of a finer clock" : `output as of ${reads}`,
      fix: `Run it: ${filled(run, words).join(" ")}`,
    });
  };
  let ready: Promise<string> | undefined;
  const makeReady = async (): Promise<string> => {
    for (const command of prepare) await call(command);
    return mkdtemp(join(tmpdir(), "nestling-"));
  };
  let count = 0;
  return {
    name,
    loadsEachVisit: true,
    timesAlone: true,
    get nowMs() {
      return performance.now();
    },
    environment: async () => environmentOf(options),
    async load(bytes) {
      // A failure is not kept: the device may be there the next time.
      const folder = await (ready ??= makeReady().catch((error: unknown) => {
        ready = undefined;
        throw error;
      }));
      const fileName = `${basename(folder)}-${count++}.onnx`;
      const file = join(folder, fileName);
      const at = { file, model: place === undefined ? file : `${place}/${fileName}` };
      const model = await models.add(async () => {
        await writeFile(file, bytes);
        if (copy) await call(copy, at);
        return {
          loadMs: undefined,
          run: () => Promise.reject(noOutputs(name)),
          time: async (_, dims) => (await timed(at, dims)).times,
          async release() {
            if (remove) await call(remove, at).catch(() => undefined);
            await rm(file, { force: true });
          },
        };
      });
      placed.set(model, at);
      return model;
    },
    async rounds({ visits, seed, forMs, atLeast, atMost, signal }) {
      const began = performance.now();
      const draw = random("orders", seed);
      const rounds: TimedRound[] = [];
      while (rounds.length < atMost && (rounds.length < atLeast || performance.now() - began < forMs)) {
        const atMs = performance.now() - began;
        const timings: Timing[] = [];
        for (const index of permutation(visits.length, draw)) {
          signal?.throwIfAborted();
          const { model, dims } = visits[index]!;
          timings[index] = await timed(placed.get(model)!, dims, signal);
        }
        rounds.push({ atMs, times: timings.map(({ times }) => times), starts: timings });
      }
      return rounds;
    },
    async close() {
      await models.close();
      if (ready) await rm(await ready, { recursive: true, force: true });
    },
  };
}

const noOutputs = (name: string): UserError =>
  new UserError("target/outputs", {
    at: `target ${name}`,
    got: "a program that prints times alone",
    want: "a target that gives a model's outputs",
    fix: "Use local, a device agent or a browser where outputs are compared.",
  });

/** What is known of the device from here: what its owner says. */
const environmentOf = ({ device = "unknown", reads }: CommandOptions): Environment => ({
  cpu: device,
  cores: 0,
  cpuFlags: [],
  governor: "unknown",
  memoryGiB: 0,
  os: "unknown",
  node: process.version,
  onnxruntime: "unknown",
  executionProvider: reads,
  threads: 0,
});
