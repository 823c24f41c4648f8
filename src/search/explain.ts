/** Choices in words, for the terminal and the report. */
import { meets } from "./budget.js";
import { budgetsOfSearch } from "./compare-precisions.js";
import type { SearchResult } from "./search-file.js";

/** Tied children that are named. */
const NAMED = 4;

/** A sentence or two for each choice of a search. */
export function explain(search: SearchResult): string[] {
  const budgets = budgetsOfSearch(search);
  const finalists = search.candidates.filter(({ inFinal }) => inFinal);
  return search.chosen.map((choice) => {
    const budget = budgets.find(({ text }) => text === choice.budget)!;
    return explainChoice(choice, finalists.filter((child) => meets(budget, child)).length);
  });
}

/** @param finalists how many meet the budget, the chosen one included */
function explainChoice({ budget, id, tied, noBetterThan }: SearchResult["chosen"][number], finalists: number): string {
  const apart = finalists === 1 ? `${id} is the only finalist within it.` : apartFrom(id, tied);
  if (noBetterThan === undefined) return `${budget}: ${apart}`;
  const than = noBetterThan === "smallest" ? "the smallest child" : `the choice for ${noBetterThan}`;
  return `${budget}: ${apart} It is not measurably better than ${than}: this budget buys nothing that can be measured.`;
}

function apartFrom(id: string, tied: readonly string[]): string {
  if (tied.length === 0) return `${id} is measurably better than every other finalist.`;
  const more = tied.length > NAMED ? ` and ${tied.length - NAMED} more` : "";
  return `${id} can't be told apart from ${tied.slice(0, NAMED).join(", ")}${more}.`;
}
