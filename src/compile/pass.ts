/**
 * What a compiler's step is. A pass is a pure function of a child; a *measured* pass first needs figures that only images can give.
 * Both say node by node what they did and why they did nothing elsewhere (`nestling export --explain`).
 */
import type { PlainGraph } from "../graph/graph.js";
import type { Child } from "./child.js";

/** About one node. */
export interface Note {
  readonly node: string;
  readonly verdict: "rewrote" | "skipped";
  /** What became of it, or why it stays. */
  readonly detail: string;
}

export interface Outcome {
  /** The same object where nothing was to be done. */
  readonly child: Child;
  readonly notes: readonly Note[];
}

export interface Pass<From extends "trained" | "deployed" = "deployed"> {
  readonly name: string;
  run(child: Child<From>): Outcome;
}

/** Vectors by name: what a measured pass found. */
export type Found = ReadonlyMap<string, Float32Array>;

/** What the observed graph put out for a batch. */
export interface Observation {
  /** Images of the batch. */
  readonly count: number;
  readonly outputs: Found;
}

export interface Measured {
  readonly name: string;
  /** The graph to run over images: it puts out what is looked for. */
  observe(graph: PlainGraph<"deployed">): PlainGraph<"deployed">;
  /** What the outputs of all batches come to. */
  conclude(graph: PlainGraph<"deployed">, observations: readonly Observation[]): Found;
  /** The child with what was found. */
  absorb(child: Child, found: Found): Outcome;
}

export type Step = Pass | Measured;

export const isMeasured = (step: Step): step is Measured => "observe" in step;

/** What a step did. */
export interface StepReport {
  readonly name: string;
  readonly notes: readonly Note[];
}
