/**
 * The steps of the compiler. A pass is a pure function of a child; a *measured* pass first needs measurements on
 * images. Both report per node what they did, or why they left it alone (`nestling export --explain`).
 */
import type { PlainGraph } from "../graph/graph.js";
import type { Child } from "./child.js";

/** A step's note about one node. */
export interface Note {
  readonly node: string;
  readonly verdict: "rewrote" | "skipped";
  /** What the step did, or why it left the node alone. */
  readonly detail: string;
}

export interface Outcome {
  /** The same object if there was nothing to do. */
  readonly child: Child;
  readonly notes: readonly Note[];
  /** The ways of a choice. */
  readonly tried?: readonly Tried[];
  /** What it loses, where that is limited. */
  readonly loss?: Loss;
}

/** What a child loses against the one before the step, on images set aside. */
export interface Loss {
  /** In points of accuracy; below 0 where it gains. */
  readonly points: number;
  /** Half the width of its 95 % interval, in points: what chance does on so few images. */
  readonly spread: number;
  readonly images: number;
  /** What it may lose, in points. */
  readonly most: number;
}

/** A way to do a step, and its result on images set aside. */
export interface Tried {
  readonly way: string;
  readonly isTaken: boolean;
  /** Images whose largest logit is their label's, of `images`. */
  readonly correct: number;
  readonly images: number;
  /** Root of the mean squared difference of logits from the child before the step. */
  readonly difference: number;
}

export interface Pass<From extends "trained" | "deployed" = "deployed"> {
  readonly name: string;
  run(child: Child<From>): Outcome;
}

/** The result of a measured pass: vectors by name. */
export type Found = ReadonlyMap<string, Float32Array>;

/** The outputs of the observed graph for one batch. */
export interface Observation {
  /** Number of images in the batch. */
  readonly count: number;
  readonly outputs: Found;
}

export interface Measured {
  readonly name: string;
  /** The graph to run over images, which outputs the measurements. */
  observe(graph: PlainGraph<"deployed">): PlainGraph<"deployed">;
  /** Images of its largest batch; 100 by default. Fewer where all activations are outputs. */
  readonly batch?: number;
  /** What to keep of a batch's outputs, where they are too large to keep. */
  keep?(outputs: Found, batch: number): Found;
  /** Combines the outputs of all batches. */
  conclude(graph: PlainGraph<"deployed">, observations: readonly Observation[]): Found;
  /** The child with the results built in. */
  absorb(child: Child, found: Found): Outcome;
}

/** Several ways to do one step, of which the best is taken: all begin with the same measurements. */
export interface Choice {
  readonly name: string;
  readonly ways: ReadonlyMap<string, Measured>;
  /** A way that leaves some layers alone, each for a reason. */
  readonly keeping: (way: string, kept: ReadonlyMap<string, string>) => Measured;
}

export type Step = Pass | Measured | Choice;

export const isChoice = (step: Step): step is Choice => "ways" in step;

export const isMeasured = (step: Step): step is Measured => "observe" in step;

/** The notes of one step. */
export interface StepReport {
  readonly name: string;
  readonly notes: readonly Note[];
  /** The ways of a choice, with the one that was taken. */
  readonly tried?: readonly Tried[];
  readonly loss?: Loss;
}
