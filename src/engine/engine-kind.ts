/**
 * The description of an engine: each engine's folder exports one; the choice of engine, `doctor` and docs/engines.md
 * read it.
 */
import type { Engine, EngineName, TrainingPrecision } from "./engine.js";

export interface EngineKind {
  readonly name: EngineName;
  /** The hardware that it runs on and the library that it uses. */
  readonly runsOn: string;
  /** Whether it computes on a device with memory of its own, where a supernet is trained (resident.ts). */
  readonly hasDevice: boolean;
  /** In which products can be made: float32 first. */
  readonly precisions: readonly TrainingPrecision[];
  /** The command that installs it; undefined if it comes with the package. */
  readonly install?: string;
  /** @throws UserError `engine/missing` where its library isn't installed, `engine/no-gpu`, `engine/device`, `engine/plugin` */
  create(precision: TrainingPrecision): Promise<Engine>;
  /** How many threads take norm groups: all of them, or one if the library has its own threads. */
  workers(threads: number): number;
  /** Variables that its library reads when it is loaded. */
  environment(threads: number, precision: TrainingPrecision): Readonly<Record<string, string>>;
  /** What the training may use; undefined, or left out, where that isn't known. */
  memory?(): Promise<TrainingMemory | undefined>;
  /** Tests whether it works here, without risk to this process. */
  inspect(): Promise<Inspection>;
}

/** The memory in which norm groups are trained. */
export interface TrainingMemory {
  /** The device's, or what all workers may use of the machine's. */
  readonly bytes: number;
  /** How many devices there are, each with as much, on which norm groups take turns: one unless it is said. */
  readonly devices?: number;
  /** The most that one worker can use, if it is less. */
  readonly perWorker?: number;
  /** How many times a group's activations (src/graph/analyses.ts) a child's pass both ways holds at most, as measured. */
  readonly copies: number;
}

export interface Inspection {
  readonly works: boolean;
  /** What is installed, or what is missing and how to get it. */
  readonly detail: string;
}
