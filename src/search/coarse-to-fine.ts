/**
 * The search: coarse to fine (BigNAS, section 3.3), every decision by one model of all that was seen.
 *
 *   1. Every point of a grid is screened: judged on the first part of the validation images.
 *   2. The model proposes one child after the other, where it expects most, until it expects nothing worth measuring.
 *   3. The final: the likeliest winners of each budget see all images, and under a latency budget run in one photo finish.
 *   4. The choice (choose.ts).
 *
 * No architecture is judged twice; in a search over several precisions it is judged in each. How children are judged is an argument: the bench runs this search on a table.
 */
import { random } from "../base/random.js";
import { defaultPrecision, type PrecisionName } from "../compile/precisions.js";
import type { Architecture } from "../space/space.js";
import { idOf, smallest, type SearchSpace } from "../space/space.js";
import { fitAccuracyModel, type AccuracyModel } from "./accuracy-model.js";
import { mayMeet, refuseImpossible, type Budget, type Costs, type LatencyCost } from "./budget.js";
import { featuresAmong, featuresIn } from "./features.js";
import { finalists } from "./final.js";
import type { Belief } from "./gaussian-process.js";
import { coarseGrid } from "./grid.js";
import type { Hits } from "./hits.js";
import { fitLatencyModel, type LatencyModel, type LatencyModels } from "./latency-model.js";
import type { Plan } from "./plan.js";
import type { TargetProfiles } from "./profile/choose-profiles.js";
import { profiledModel } from "./profile/profiled-model.js";
import { propose } from "./propose.js";
import { subjectsOf, type Subject } from "./subject.js";

/** A child that was screened, and perhaps was in the final. */
export interface Judged extends Costs, Subject {
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
  /** In the table's order; float32 alone by default. */
  readonly precisions?: readonly PrecisionName[];
  /** Judges on the screening images, anew or as before. */
  readonly screen: (subject: Subject) => Promise<S>;
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
  const { precisions = [defaultPrecision] } = task;
  const featuresOf = featuresAmong(
    featuresIn(space, (architecture) => plan(architecture).macs),
    precisions,
  );
  const judged: (S & Judged)[] = [];
  const modelOf = modelKept(featuresOf);
  const believed = (): Belief => modelOf(judged).believe(judged.map(featuresOf));
  const take = async (child: S, from: Pick<Judged, "phase" | "budget">): Promise<void> => {
    judged.push({ ...child, ...from, inFinal: false });
    await onJudged?.(judged, believed());
  };

  // The smallest child first: if it misses a latency budget, so does everything.
  const ends: S[] = [];
  for (const subject of subjectsOf(space, smallest(space), precisions)) ends.push(await screen(subject));
  refuseImpossible(budgets, ...ends);
  for (const child of ends) await take(child, { phase: "coarse" });
  for (const architecture of coarseGrid(space)) {
    if (idOf(space, architecture) === idOf(space, smallest(space))) continue;
    for (const subject of subjectsOf(space, architecture, precisions)) {
      await take(await screen(subject), { phase: "coarse" });
    }
  }

  const latencies = new Map(
    judged.map(({ precision }) => [
      precision,
      latencyModelsOf(
        judged.filter((child) => child.precision === precision),
        plan,
        profiles,
      ),
    ]),
  );
  const left = new Map(budgets.map((budget) => [budget, fineCandidates]));
  for (let i = 0; i < budgets.length * fineCandidates; i++) {
    const open = budgets.filter((budget) => left.get(budget)! > 0);
    const latencyOf = (precision: PrecisionName | undefined): LatencyModels => latencies.get(precision)!;
    const known = { space, precisions, judged, budgets: open, featuresOf, latencyOf, plan, pool };
    const prospect = { ...known, model: modelOf(judged) };
    const proposal = propose(prospect, random(seed, "fine", i));
    if (!proposal || proposal.gain < WORTH) break;
    const { architecture, budget } = proposal;
    left.set(budget, left.get(budget)! - 1);
    for (const subject of subjectsOf(space, architecture, precisions)) {
      await take(await screen(subject), { phase: "fine", budget: budget.text });
    }
  }

  const inFinal = finalists(
    judged.map(({ id }) => id),
    believed(),
    budgets.map((budget) => judged.map((child) => mayMeet(budget, child))),
    ends.map(({ id }) => id),
  );
  const finished = await finish(inFinal.map((i) => judged[i]!));
  for (const [at, i] of inFinal.entries()) judged[i] = { ...judged[i]!, ...finished[at]!, inFinal: true };
  return { judged, belief: believed() };
}

/** The accuracy model of all that was judged so far; its scales are found anew now and then. */
function modelKept(featuresOf: ReturnType<typeof featuresAmong>): (judged: readonly Judged[]) => AccuracyModel {
  let known: { readonly scales: AccuracyModel["scales"]; readonly until: number } | undefined;
  return (judged) => {
    const observed = judged
      .filter(({ hits }) => hits.length > 0)
      .map((child) => ({ features: featuresOf(child), hits: child.hits, softAccuracy: child.softAccuracy }));
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
