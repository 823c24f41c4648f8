/** The target `mock`: with its own clock and scripted times, the latency protocol's results follow by hand. */
import { UserError } from "../base/user-error.js";
import type { Environment } from "./environment.js";
import { loadedModels } from "./loaded-models.js";
import type { MachineState } from "./machine-state.js";
import type { Placement } from "./placement.js";
import { runRounds, type DeviceClock } from "./run-rounds.js";
import type { ModelRun, Target } from "./target.js";

/** One run, as the script sees it when it starts. */
export interface MockRun {
  /** The model's bytes. */
  readonly bytes: Uint8Array;
  /** Which model, counted in the order of loading from 0: the same bytes loaded twice are two models. */
  readonly model: number;
  /** Runs of this loaded model before this one. */
  readonly index: number;
  /** Its runs since another model ran: 0 if the caches hold another model's data. */
  readonly streak: number;
  /** The mock's clock, in ms. */
  readonly nowMs: number;
  /** How long the mock idled since the run before, in ms. */
  readonly idleMs: number;
}

/** The script of a mock target. */
export interface MockOptions {
  /** `mock` by default. */
  readonly name?: string;
  /** How long a run takes, in ms; the clock advances by it. */
  readonly msOf: (run: MockRun) => number;
  /** How long loading takes, in ms, beside the clock; 0 by default. */
  readonly loadMs?: number;
  /** What a run returns; by default one output, `logits`, equal to the input, which counts as no outputs (`timesAlone`). */
  readonly outputsOf?: (input: Float32Array, dims: readonly number[], bytes: Uint8Array) => ModelRun["outputs"];
  /** What it shows of its clock and heat when its clock is at this; nothing by default. */
  readonly stateOf?: (nowMs: number) => MachineState;
  /** Folder of its latency profiles; none by default. */
  readonly profiles?: string;
  /** Where it says that it runs a model's nodes; it can't tell by default. */
  readonly placementOf?: (bytes: Uint8Array) => Placement;
  /** Models that it refuses to load; none by default. */
  readonly refuses?: (bytes: Uint8Array) => boolean;
}

/** A target that runs nothing, and what it has seen. Its clock is the sum of all runs' times, and of the pauses between them. */
export interface MockTarget extends Target {
  /** How many models are loaded and not released. */
  readonly loaded: number;
  /** Every run so far, in order. */
  readonly log: readonly MockRun[];
}

const environment: Environment = {
  cpu: "mock",
  cores: 1,
  cpuFlags: [],
  governor: "none",
  memoryGiB: 1,
  os: "mock",
  node: process.version,
  onnxruntime: "none",
  executionProvider: "mock",
  threads: 1,
};

/**
 * A target that runs nothing; the same script gives the same results on every machine.
 * @throws UserError from `load`: `target/model` for a model that the script refuses
 */
export function mockTarget(options: MockOptions): MockTarget {
  const { name = "mock", msOf, loadMs = 0, stateOf, placementOf, refuses = () => false } = options;
  const { outputsOf = (input: Float32Array) => new Map([["logits", input.slice()]]) } = options;
  const models = loadedModels(name);
  const log: MockRun[] = [];
  let nowMs = 0;
  let idleMs = 0;
  let nextModel = 0;
  let last: number | undefined;
  let streak = 0;
  const clock: DeviceClock = {
    get nowMs() {
      return nowMs;
    },
    async idle(ms) {
      nowMs += ms;
      idleMs += ms;
    },
  };
  return {
    name,
    profiles: options.profiles,
    timesAlone: options.outputsOf === undefined,
    get nowMs() {
      return nowMs;
    },
    get loaded() {
      return models.count;
    },
    log,
    environment: async () => ({ ...environment, ...(stateOf && { state: stateOf(nowMs) }) }),
    load: (bytes) =>
      models.add(async () => {
        if (refuses(bytes)) {
          const fix = "Give a model that the mock's script knows.";
          throw new UserError("target/model", { at: "model", got: "refused by the mock", want: "another model", fix });
        }
        const model = nextModel++;
        let index = 0;
        return {
          loadMs,
          async run(input, dims) {
            if (dims.reduce((product, size) => product * size, 1) !== input.length) {
              throw new Error(`internal: ${input.length} values do not fill ${dims.join(" × ")}`);
            }
            streak = last === model ? streak + 1 : 0;
            last = model;
            const run = { bytes, model, index: index++, streak, nowMs, idleMs };
            log.push(run);
            const ms = msOf(run);
            nowMs += ms;
            idleMs = 0;
            return { outputs: outputsOf(input, dims, bytes), ms };
          },
          release: async () => undefined,
        };
      }),
    rounds: (stretch) => runRounds(stretch, clock),
    ...(placementOf && { placementOf: async (bytes: Uint8Array) => placementOf(bytes) }),
    close: () => models.close(),
  };
}
