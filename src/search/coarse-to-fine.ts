/**
 * The search: coarse to fine (BigNAS, section 3.3), every decision by one model of all that was seen.
 *
 *   1. Every point of a grid is screened: judged on the first part of the validation images.
 *   2. The model proposes one child after the other, where it expects most, until it expects nothing worth measuring.
 *   3. The final: the likeliest winners of each budget see all images, and under a latency budget run in one photo finish.
 *   4. The choice (choose.ts).
 *
 * No architecture is judged twice. How children are judged is an argument: the bench runs this search on a table.
 */
import { random } from "../base/random.js";
import type { Architecture } from "../space/space.js";
import { idOf, smallest, type SearchSpace } from "../space/space.js";
import { fitAccuracyModel, type AccuracyModel } from "./accuracy-model.js";
import { mayMeet, refuseImpossible, type Budget, type Costs, type LatencyCost } from "./budget.js";
import { featuresIn } from "./features.js";
import { finalists } from "./final.js";
import type { Belief } from "./gaussian-process.js";
import { coarseGrid } from "./grid.js";
import type { Hits } from "./hits.js";
import { fitLatencyModel, type LatencyModel, type LatencyModels } from "./latency-model.js";
import type { Plan } from "./plan.js";
import type { TargetProfiles } from "./profile/choose-profiles.js";
import { profiledModel } from "./profile/profiled-model.js";
import { propose } from "./propose.js";

/** A child that was screened, and perhaps was in the final. */
export interface Judged extends Costs {
  readonly id: string;
  readonly architecture: Architecture;
  readonly phase: "coarse" | "fine";
  /** The budget that a fine child was proposed for. */
  readonly budget?: string | undefined;
  /** On the screening images, in the final on all; none where its cost exceeds every budget. */
  readonly hits: Hits;
  /** On the screening images. */
  readonly softAccuracy: number;
  readonly inFinal: boolean;
}

export type Screened = Omit<Judged, "phase" | "budget" | "inFinal">;

export interface SearchTask<S extends Screened> {
  readonly space: SearchSpace;
  readonly budgets: readonly Budget[];
  /** Children screened for each budget after the grid, at most. */
  readonly fineCandidates: number;
  readonly seed: number;
  readonly plan: (architecture: Architecture) => Plan;
  /** Judges on the screening images, anew or as before. */
  readonly screen: (architecture: Architecture) => Promise<S>;
  /** Judges on all images, and decides their latencies together. */
  readonly finish: (finalists: readonly S[]) => Promise<readonly S[]>;
  /** After each child, with all of them and what is believed of those that saw images. */
  readonly onJudged?: (judged: readonly (S & Judged)[], belief: Belief) => Promise<void>;
  /** What to propose from instead of mutants and random children. */
  readonly pool?: readonly Architecture[];
  /** What is known of targets' latencies; of the others, it is learnt from the grid. */
  readonly profiles?: TargetProfiles;
}

export interface SearchState<S extends Screened = Screened> {
  readonly judged: readonly (S & Judged)[];
  /** The true accuracies of all judged, in their order; without images, what the model predicts. */
  readonly belief: Belief;
}

/** Accuracy, a share, that must be expected to be gained for one more child to be worth its images. */
const WORTH = 0.0003;
/** The model's scales are found anew once this many times as many children were judged. */
const REFIT = 1.2;

/** @throws UserError `search/impossible` before anything is kept, where even the smallest child misses a budget */
export async function coarseToFine<S extends Screened>(task: SearchTask<S>): Promise<SearchState<S>> {
  const { space, budgets, fineCandidates, seed, plan, screen, finish, onJudged, pool, profiles } = task;
  const featuresOf = featuresIn(space, (architecture) => plan(architecture).macs);
  const judged: (S & Judged)[] = [];
  const modelOf = modelKept(featuresOf);
  const believed = (): Belief => modelOf(judged).believe(judged.map(({ architecture }) => featuresOf(architecture)));
  const take = async (child: S, from: Pick<Judged, "phase" | "budget">): Promise<void> => {
    judged.push({ ...child, ...from, inFinal: false });
    await onJudged?.(judged, believed());
  };

  // The smallest child first: if it misses a latency budget, so does everything.
  const first = await screen(smallest(space));
  refuseImpossible(budgets, first);
  await take(first, { phase: "coarse" });
  for (const architecture of coarseGrid(space)) {
    if (idOf(space, architecture) !== first.id) await take(await screen(architecture), { phase: "coarse" });
  }

  const latency = latencyModelsOf(judged, plan, profiles);
  const left = new Map(budgets.map((budget) => [budget, fineCandidates]));
  for (let i = 0; i < budgets.length * fineCandidates; i++) {
    const open = budgets.filter((budget) => left.get(budget)! > 0);
    const prospect = { space, judged, budgets: open, model: modelOf(judged), latency, featuresOf, plan, pool };
    const proposal = propose(prospect, random(seed, "fine", i));
    if (!proposal || proposal.gain < WORTH) break;
    const { architecture, budget } = proposal;
    left.set(budget, left.get(budget)! - 1);
    await take(await screen(architecture), { phase: "fine", budget: budget.text });
  }

  const inFinal = finalists(
    judged.map(({ id }) => id),
    believed(),
    budgets.map((budget) => judged.map((child) => mayMeet(budget, child))),
    first.id,
  );
  const finished = await finish(inFinal.map((i) => judged[i]!));
  for (const [at, i] of inFinal.entries()) judged[i] = { ...judged[i]!, ...finished[at]!, inFinal: true };
  return { judged, belief: believed() };
}

/** The accuracy model of all that was judged so far; its scales are found anew now and then. */
function modelKept(featuresOf: ReturnType<typeof featuresIn>): (judged: readonly Judged[]) => AccuracyModel {
  let known: { readonly scales: AccuracyModel["scales"]; readonly until: number } | undefined;
  return (judged) => {
    const observed = judged
      .filter(({ hits }) => hits.length > 0)
      .map(({ architecture, hits, softAccuracy }) => ({ features: featuresOf(architecture), hits, softAccuracy }));
    if (known && observed.length < known.until) return fitAccuracyModel(observed, known.scales);
    const model = fitAccuracyModel(observed);
    known = { scales: model.scales, until: REFIT * observed.length };
    return model;
  };
}

/** A model for every target that latency was measured on. */
function latencyModelsOf(
  judged: readonly Judged[],
  plan: SearchTask<Screened>["plan"],
  profiles: TargetProfiles = new Map(),
): LatencyModels {
  const modelOf = (
    target: string | undefined,
    costOf: (child: Judged) => LatencyCost | undefined,
  ): LatencyModel | undefined => {
    const measured = judged.flatMap((child) => {
      const latencyMs = costOf(child)?.latencyMs;
      return latencyMs === undefined ? [] : [{ ...plan(child.architecture), latencyMs }];
    });
    if (measured.length === 0) return undefined;
    const profile = profiles.get(target);
    return profile ? profiledModel(profile.costs, measured) : fitLatencyModel(measured);
  };
  const targets = Object.keys(judged[0]?.otherLatencies ?? {});
  const others = targets.map(
    (target) => [target, modelOf(target, ({ otherLatencies }) => otherLatencies?.[target])!] as const,
  );
  return { first: modelOf(undefined, (child) => child), others: Object.fromEntries(others) };
}
