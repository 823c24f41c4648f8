/**
 * A target: a device that runs the bytes of a model and returns outputs and times. The latency protocol, search,
 * export, verify and bench receive one and do not know how it runs a model.
 */
import type { Environment } from "./environment.js";
import type { Placement } from "./placement.js";

/** A device that runs models and times them. */
export interface Target {
  /** The name that users give it: `local`, or `local:threads=4`. Results record it as the place of measurement. */
  readonly name: string;
  /** A clock in ms: a session of the latency protocol is as long as it says. */
  readonly nowMs: number;
  /**
   * Folder where what sessions know of this device is kept from one process to the next; without it, nothing is. docs/latency-protocol.md
   * says what is kept.
   */
  readonly profiles?: string | undefined;
  /** Whether each visit of a round loads the model afresh and warms it up, as a program does that is started for it. */
  readonly loadsEachVisit?: boolean;
  /** Whether it gives times alone: what its models return from `run`, if anything, is not what they compute. */
  readonly timesAlone?: boolean;
  /** What its times depend on, read now. */
  environment(): Promise<Environment>;
  /** @throws UserError where the target refuses the model */
  load(bytes: Uint8Array): Promise<LoadedModel>;
  /** Times loaded models in rounds, on the device: nothing lies between two runs of a stretch. */
  rounds(stretch: Stretch): Promise<readonly TimedRound[]>;
  /**
   * Which execution provider runs each of a model's nodes. Missing, or undefined, where the target can't tell, or where nothing could fall
   * back since the CPU is what was asked for.
   * @param dims shape of the model's input
   * @throws UserError as `load`
   */
  placementOf?(bytes: Uint8Array, dims: readonly number[]): Promise<Placement | undefined>;
  /** Releases every model that is still loaded; nothing can be loaded afterwards. */
  close(): Promise<void>;
}

/** Rounds in a row: each visits every model once, in fresh random order. */
export interface Stretch {
  /** Models of this target, each with its input. */
  readonly visits: readonly {
    readonly model: LoadedModel;
    readonly input: Float32Array;
    readonly dims: readonly number[];
  }[];
  /** Runs of a visit. The first refills the caches and is not counted. */
  readonly runs: number;
  /** The orders follow from it. */
  readonly seed: string;
  /** It ends with the round in which so many ms by the device's clock are over, */
  readonly forMs: number;
  /** not before so many rounds, */
  readonly atLeast: number;
  /** and not after so many. */
  readonly atMost: number;
  /** Each run begins so many ms after the one before, and the device idles in between; without it, runs follow at once. */
  readonly everyMs?: number | undefined;
  /** Ends it with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** One load of a model. */
export interface Start {
  /** How long loading took, in ms. */
  readonly loadMs?: number | undefined;
  /** The first run afterwards, in ms. */
  readonly firstMs?: number | undefined;
}

/** A round of a stretch. */
export interface TimedRound {
  /** When it began, in ms since the stretch did, by the device's clock. */
  readonly atMs: number;
  /** The counted runs of each model in ms, in the order of `visits`. */
  readonly times: readonly (readonly number[])[];
  /** Where each visit loads its model: how long that took and what the first run took, as far as is known. */
  readonly starts?: readonly Start[];
}

/** A model with one float32 input, ready to run on its target. */
export interface LoadedModel {
  /** How long the device took to load it, in ms, without the transfer; undefined where each visit loads it. */
  readonly loadMs: number | undefined;
  /**
   * One run.
   * @param dims shape of the input: [batch, channels, height, width]
   * @throws UserError `target/run` where it fails
   */
  run(input: Float32Array, dims: readonly number[]): Promise<ModelRun>;
  /** Times `runs` runs in a row, in ms each, and leaves the outputs on the device. */
  time(input: Float32Array, dims: readonly number[], runs: number): Promise<readonly number[]>;
  /** Frees what it holds; a second call does nothing. */
  release(): Promise<void>;
}

/** What one run gave, and how long it took. */
export interface ModelRun {
  /** Every output by name, row-major. */
  readonly outputs: ReadonlyMap<string, Float32Array>;
  /** Measured by the device's own clock, without the transfer there and back. */
  readonly ms: number;
}

/** Loads a model, passes it to `use`, and releases it whatever happens. */
export async function withModel<T>(
  target: Target,
  bytes: Uint8Array,
  use: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const model = await target.load(bytes);
  try {
    return await use(model);
  } finally {
    await model.release();
  }
}
