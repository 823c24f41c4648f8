/** The next mutant to judge: never one that was judged, within the budget where that is known exactly, and likely within it where it must be measured. */
import type { Random } from "../base/random.js";
import type { Architecture } from "../space/space.js";
import { idOf, mutate, type SearchSpace } from "../space/space.js";
import { costUnder, type Budget } from "./budget.js";
import type { LatencyModel } from "./latency-model.js";
import type { Plan } from "./plan.js";

/** Probability that a mutation redraws a dimension. */
const MUTATION = 0.2;
/** Draws for one new mutant before its neighbourhood counts as exhausted. */
const DRAWS = 200;

export interface Neighbourhood {
  readonly space: SearchSpace;
  readonly parent: Architecture;
  readonly budget: Budget;
  readonly plan: (architecture: Architecture) => Plan;
  /** Orders mutants under a latency budget: the first that it sees within the limit, or else the fastest that it sees. */
  readonly model?: LatencyModel | undefined;
}

/** @returns undefined where no new one was drawn */
export function propose(
  { space, parent, budget, plan, model }: Neighbourhood,
  seen: ReadonlySet<string>,
  draw: Random,
): Architecture | undefined {
  let fastest: { mutant: Architecture; latencyMs: number } | undefined;
  for (let i = 0; i < DRAWS; i++) {
    const mutant = mutate(space, parent, MUTATION, draw);
    if (seen.has(idOf(space, mutant))) continue;
    const planned = plan(mutant);
    const known = costUnder(budget, planned);
    if (known !== undefined ? known <= budget.limit : !model) return mutant;
    if (known !== undefined || !model) continue;
    const latencyMs = model.predict(planned.work);
    // The model's own error is granted: a mutant at the limit is the one worth measuring.
    if (latencyMs <= budget.limit * (1 + model.error)) return mutant;
    if (latencyMs < (fastest?.latencyMs ?? Infinity)) fastest = { mutant, latencyMs };
  }
  return fastest?.mutant;
}
