/**
 * The next child to judge: the one whose accuracy the model expects to lie the farthest above the best under some budget, the unknown counted
 * in (expected improvement; Jones, Schonlau and Welch 1998). It is taken from a pool of mutants of the best and of random children, all
 * within a budget: where cost is known exactly, by that; where it must be measured, by the latency model with its own error granted. In a search
 * over several precisions an architecture is proposed for the one that it gains most in.
 */
import type { Random } from "../base/random.js";
import type { PrecisionName } from "../compile/precisions.js";
import type { Architecture } from "../space/space.js";
import { idOf, mutate, sample, type SearchSpace } from "../space/space.js";
import type { AccuracyModel } from "./accuracy-model.js";
import { difference } from "./belief.js";
import { mayMeet, meets, type Budget, type Costs, type LatencyCost } from "./budget.js";
import type { Features } from "./features.js";
import type { LatencyModel, LatencyModels } from "./latency-model.js";
import { expectedGain } from "./normal.js";
import type { Plan } from "./plan.js";
import { subjectsOf, type Subject } from "./subject.js";

/** Probability that a mutation redraws a dimension. */
const MUTATION = 0.2;
/** Children that a pool is drawn with, a third of them at random in the space; what was judged or exceeds every budget is left out. */
const DRAWS = 48;
/** Parents of mutants: the best of each budget. */
const PARENTS = 4;

export interface Judged extends Costs, Subject {}

export interface Proposal {
  readonly architecture: Architecture;
  /** Under which it is expected to improve most. */
  readonly budget: Budget;
  /** By how much, as an accuracy. */
  readonly gain: number;
}

export interface Prospect {
  readonly space: SearchSpace;
  readonly judged: readonly Judged[];
  /** Budgets for which more may be proposed. */
  readonly budgets: readonly Budget[];
  readonly model: AccuracyModel;
  readonly precisions: readonly PrecisionName[];
  /** The models of a precision's latencies; of undefined where there is one precision. */
  readonly latencyOf: (precision: PrecisionName | undefined) => LatencyModels;
  readonly featuresOf: (subject: Subject) => Features;
  readonly plan: (architecture: Architecture) => Plan;
  /** Children to choose from; by default mutants and random ones. */
  readonly pool?: readonly Architecture[] | undefined;
}

/** @returns undefined where the pool has no new child within a budget */
export function propose(prospect: Prospect, draw: Random): Proposal | undefined {
  const { space, judged, budgets, model, precisions, latencyOf, featuresOf, plan } = prospect;
  const seen = new Set(judged.map(({ architecture }) => idOf(space, architecture)));
  const known = judged.map(featuresOf);
  const expected = model.believe(known).mean;
  const bestFirst = judged.map((_, i) => i).sort((a, b) => expected[b]! - expected[a]! || a - b);
  const within = budgets.map((budget) => bestFirst.filter((i) => meets(budget, judged[i]!)));
  const parents = within.flatMap((list) => list.slice(0, PARENTS)).map((i) => judged[i]!.architecture);
  const drawn =
    prospect.pool ??
    Array.from({ length: DRAWS }, (_, i) =>
      i % 3 === 0 || parents.length === 0 ? sample(space, draw) : mutate(space, draw.pick(parents), MUTATION, draw),
    );
  const pool = [...new Map(drawn.map((architecture) => [idOf(space, architecture), architecture]))]
    .filter(([id]) => !seen.has(id))
    .flatMap(([, architecture]) => subjectsOf(space, architecture, precisions))
    .map((subject) => ({ subject, costs: predicted(plan(subject.architecture), latencyOf(subject.precision)) }))
    .filter(({ costs }) => budgets.some((budget) => mayMeet(budget, costs)));
  const belief = model.believe([...known, ...pool.map(({ subject }) => featuresOf(subject))]);
  let best: Proposal | undefined;
  for (const [at, budget] of budgets.entries()) {
    const incumbent = within[at]![0];
    if (incumbent === undefined) continue;
    for (const [i, { subject, costs }] of pool.entries()) {
      if (!mayMeet(budget, costs)) continue;
      const { mean, deviation } = difference(belief, known.length + i, incumbent);
      const gain = expectedGain(mean, deviation);
      if (gain > (best?.gain ?? 0)) best = { architecture: subject.architecture, budget, gain };
    }
  }
  return best;
}

/** A planned child's costs, its latency as the model predicts it with its own error. */
function predicted({ macs, parameters, ...plan }: Plan, { first, others }: LatencyModels): Costs {
  const under = (model: LatencyModel): LatencyCost => {
    const latencyMs = model.predict(plan);
    const { error } = model;
    return { latencyMs, latencyIntervalMs: [latencyMs / (1 + error), latencyMs * (1 + error)] };
  };
  const other = Object.entries(others).map(([target, model]) => [target, under(model)] as const);
  return {
    ...{ macs, parameters },
    ...(first && under(first)),
    ...(other.length > 0 && { otherLatencies: Object.fromEntries(other) }),
  };
}
