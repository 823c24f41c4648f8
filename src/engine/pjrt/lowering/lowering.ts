/** For whom graphs are lowered, and how exactly. */
import type { TrainingPrecision } from "../../engine.js";

export type Backend = "cpu" | "accelerator";

export interface Lowering {
  readonly backend: Backend;
  readonly precision: TrainingPrecision;
}
