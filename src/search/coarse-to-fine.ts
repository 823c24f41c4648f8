/**
 * Coarse to fine (BigNAS, section 3.3): every point of a grid is judged in full, then the best under each budget is mutated, and its
 * mutants race against the best so far. No architecture is judged twice.
 */
import { random } from "../base/random.js";
import type { Architecture } from "../space/space.js";
import { idOf, smallest, type SearchSpace } from "../space/space.js";
import { meets, refuseImpossible, type Budget, type Costs } from "./budget.js";
import { coarseGrid } from "./grid.js";
import { unpackHits } from "./hits.js";
import type { Judgement, Rivals } from "./judge.js";
import { fitLatencyModel, type LatencyModel } from "./latency-model.js";
import type { Plan } from "./plan.js";
import { propose } from "./propose.js";
import type { Candidate } from "./search-file.js";

export interface SearchTask {
  readonly space: SearchSpace;
  readonly budgets: readonly Budget[];
  /** Mutants judged for each budget. */
  readonly fineCandidates: number;
  readonly seed: number;
  readonly judging: "race" | "full";
  readonly plan: (architecture: Architecture) => Plan;
  /** Anew, or as it was judged before. */
  readonly judge: (architecture: Architecture, rivals?: Rivals) => Promise<Judgement>;
  /** After each candidate, with all of them. */
  readonly onCandidates: (candidates: readonly Candidate[]) => Promise<void>;
}

/** @throws UserError `search/impossible` before anything is kept, where even the smallest child misses a budget */
export async function coarseToFine(task: SearchTask): Promise<readonly Candidate[]> {
  const { space, budgets, fineCandidates, seed, judging, plan, judge, onCandidates } = task;
  const candidates: Candidate[] = [];
  const seen = new Set<string>();
  const take = async (judgement: Judgement, phase: Pick<Candidate, "phase" | "budget">): Promise<void> => {
    candidates.push({ ...judgement, ...phase });
    seen.add(judgement.id);
    await onCandidates(candidates);
  };
  const best = (budget: Budget): Candidate | undefined => bestUnder(candidates, budget);

  // The smallest child first: if it misses a latency budget, so does everything.
  const first = await judge(smallest(space));
  refuseImpossible(budgets, first);
  await take(first, { phase: "coarse" });
  for (const architecture of coarseGrid(space)) {
    if (!seen.has(idOf(space, architecture))) await take(await judge(architecture), { phase: "coarse" });
  }

  const model = modelOf(candidates, plan);
  // Whoever meets several budgets may win any of them, so all their winners must be out of reach before it is dropped.
  const rivals = (costs: Costs) =>
    budgets
      .filter((budget) => meets(budget, costs))
      .map((budget) => {
        const rival = best(budget);
        return rival && unpackHits(rival.hits, rival.count);
      });
  for (const [index, budget] of budgets.entries()) {
    for (let i = 0; i < fineCandidates; i++) {
      const parent = (best(budget) ?? first).architecture;
      const draw = random(seed, "fine", index, i);
      const mutant = propose({ space, parent, budget, plan, model }, seen, draw);
      if (!mutant) break;
      const judgement = await judge(mutant, judging === "race" ? rivals : undefined);
      await take(judgement, { phase: "fine", budget: budget.text });
    }
  }
  return candidates;
}

/** The most accurate candidate judged in full within a budget; of equals the one with fewer MACs. */
export function bestUnder(candidates: readonly Candidate[], budget: Budget): Candidate | undefined {
  return candidates
    .filter((candidate) => candidate.stopped === undefined && meets(budget, candidate))
    .sort((a, b) => b.accuracy - a.accuracy || a.macs - b.macs || (a.id < b.id ? -1 : 1))[0];
}

/** None where no latency was measured. */
function modelOf(candidates: readonly Candidate[], plan: SearchTask["plan"]): LatencyModel | undefined {
  const measured = candidates.flatMap(({ architecture, latencyMs }) =>
    latencyMs === undefined ? [] : [{ work: plan(architecture).work, latencyMs }],
  );
  return measured.length > 0 ? fitLatencyModel(measured) : undefined;
}
