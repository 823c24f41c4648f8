/** The decision of a whole search: for every budget the choice among the finalists that meet it, and whether the budget buys anything. */
import { among } from "./belief.js";
import { costUnder, meets, type Budget } from "./budget.js";
import { choose, type Eligible } from "./choose.js";
import type { SearchState } from "./coarse-to-fine.js";

export interface Decision {
  readonly budget: Budget;
  readonly id: string;
  /** Finalists that meet the budget and can't be told apart from the chosen one, cheapest first. */
  readonly tied: readonly string[];
  /** "smallest", or the text of a cheaper budget of the same kind whose choice is the same or can't be told apart. */
  readonly noBetterThan?: string | undefined;
}

/**
 * @param smallestIds the smallest child, in each precision
 * @returns a decision for each budget that a finalist meets, in the budgets' order
 */
export function decide(
  { judged, belief }: SearchState,
  budgets: readonly Budget[],
  smallestIds: readonly string[],
): Decision[] {
  const decisions = budgets.flatMap((budget): (Decision & { readonly beatsSmallest: boolean })[] => {
    const indices = judged.map((_, i) => i).filter((i) => judged[i]!.inFinal && meets(budget, judged[i]!));
    if (indices.length === 0) return [];
    const eligible = indices.map((i) => ({ id: judged[i]!.id, cost: costUnder(budget, judged[i]!)! }));
    const { chosen, tied, beatsSmallest } = choose(eligible, among(belief, indices), cheapestOf(smallestIds, eligible));
    return [{ budget, id: chosen, tied, beatsSmallest }];
  });
  return decisions.map(({ beatsSmallest, ...decision }) => {
    if (!beatsSmallest) return { ...decision, noBetterThan: "smallest" };
    const { kind, target, limit } = decision.budget;
    const cheaper = decisions
      .filter(({ budget }) => budget.kind === kind && budget.target === target && budget.limit < limit)
      .filter(({ id }) => id === decision.id || decision.tied.includes(id))
      .sort((a, b) => a.budget.limit - b.budget.limit)[0];
    return cheaper ? { ...decision, noBetterThan: cheaper.budget.text } : decision;
  });
}

/** The smallest child in the precision that costs least of those that meet the budget; the first where none does. */
function cheapestOf(smallestIds: readonly string[], eligible: readonly Eligible[]): string {
  const costOf = (id: string): number => eligible.find((child) => child.id === id)?.cost ?? Infinity;
  return smallestIds.reduce((least, id) => (costOf(id) < costOf(least) ? id : least));
}
