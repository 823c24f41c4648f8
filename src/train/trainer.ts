/**
 * The contract of whoever trains: a trainer owns weights, gradients and optimiser state, and keeps them where they live. A step gives it
 * images and a rate; their labels and the step's children follow from the task. Losses, hits and the gradient's norm come back. The
 * arrays come back only for a checkpoint.
 */
import type { TrainedArrays } from "../engine/resident.js";
import type { ChildResult } from "./sandwich.js";

/** A step's place in the run. */
export interface StepOrder {
  readonly step: number;
  readonly epoch: number;
}

/** A step, and this rank's images of it. */
export interface Step extends StepOrder {
  readonly indices: Uint32Array;
  /** [indices, height, width, channels]; empty where a device holds the images. */
  readonly pixels: Uint8Array;
}

export interface StepResult {
  /** Results of every norm group's children, the biggest first; on every rank of all ranks' groups. */
  readonly groups: readonly (readonly ChildResult[])[];
  /** Norm of the gradient with weight decay, before clipping. */
  readonly gradientNorm: number;
}

export interface Trainer {
  /** One step of the sandwich rule, update included. */
  step(step: Step, rate: number): Promise<StepResult>;
  /** The arrays after the last step, for reading; valid until the next one. */
  arrays(): Promise<TrainedArrays>;
  close(): Promise<void>;
}
