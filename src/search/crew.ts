/** Others that judge for a search: it asks as it would its own judge, and gets the same results. src/queue has one. */
import type { PrecisionName } from "../compile/precisions.js";
import type { LatencyBench } from "../evaluate/latency.js";
import type { Differences } from "../evaluate/probe.js";
import type { Architecture } from "../space/space.js";
import type { Costs } from "./budget.js";
import type { Judge, TargetBench } from "./judge.js";

/** What a child's judgement follows from, besides the run. */
export interface JudgedBy {
  readonly recalibrationImages: number;
  readonly opset: number;
  /**
   * Left out where it is float32: what was asked for before there was a choice keeps its key. Where there are several, each
   * subject's id has its own.
   */
  readonly precision?: PrecisionName | undefined;
  /** Points of accuracy that quantisation may lose; left out where that is not limited. */
  readonly maxLoss?: number | undefined;
  /** The seed of latency sessions. */
  readonly seed: number;
  /** Length of a latency session that decides. */
  readonly seconds: number;
  /** What becomes of a target that computes a child's probe otherwise. */
  readonly differences: Differences;
}

/** What a search judges by, and its own way to do it. */
export interface CrewTask extends JudgedBy {
  /** The number of validation images that every child sees, from the first on. */
  readonly screeningImages: number;
  /** All of them. */
  readonly validationImages: number;
  /** Whether costs may meet a budget. */
  readonly isWithin: (costs: Costs) => boolean;
  /** MACs and parameters. */
  readonly costsOf: (architecture: Architecture) => Costs;
  /** The search's benches: its own, and the crew's. */
  readonly benches: readonly TargetBench[];
  /** The search's own judge, on fewer benches and images. */
  readonly ownJudge: (conditions: {
    readonly screeningImages: number;
    readonly isWithin: (costs: Costs) => boolean;
    readonly benches: readonly TargetBench[];
  }) => Judge;
}

/** Others that judge for a search, with the results of its own judge. */
export interface Crew {
  /** Its bench on the target of this name; undefined where nobody serves it, and the search measures by itself. */
  bench(target: string, by: JudgedBy): LatencyBench | undefined;
  /** A judge with the results of the search's own. */
  judge(task: CrewTask): Judge;
}
