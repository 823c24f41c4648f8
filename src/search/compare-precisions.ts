/** Why a search over several precisions chose one: the chosen child's accuracy and cost in each, as the final measured them. */
import { milliseconds, percent, thousands } from "../base/format.js";
import { costUnder, formatCost, parseBudget, type Budget } from "./budget.js";
import type { Candidate, SearchResult } from "./search-file.js";
import { architectureIn } from "./subject.js";

/** The budgets of a search, as its candidates' costs are kept: those on its first target name none. */
export const budgetsOfSearch = ({ budgets, target: first }: Pick<SearchResult, "budgets" | "target">): Budget[] =>
  budgets.map(parseBudget).map(({ target, ...budget }) => ({ ...budget, ...(target !== first && { target }) }));

/** A sentence or two for each choice; nothing of a search in one precision. */
export function comparePrecisions(search: SearchResult): string[] {
  if (!search.precisions) return [];
  const budgets = budgetsOfSearch(search);
  return search.chosen.map(({ budget: text, id }) => {
    const budget = budgets.find((one) => one.text === text)!;
    const all = search.candidates.filter((one) => architectureIn(one.id) === architectureIn(id));
    const chosen = all.find((one) => one.id === id)!;
    const others = all.filter((one) => one !== chosen);
    const inEach = [chosen, ...others].map((one) => `${figuresOf(one, budget)} in ${one.precision!}`).join("; ");
    const reasons = others.map((other) => reasonOf(chosen, other, budget));
    return `${text}: ${architectureIn(id)} has ${inEach}. ${reasons.join(" ")}`;
  });
}

/** `91.35 % at 0.128ms (428,657 bytes)`; under another budget than of latency with the latency too, where one was measured. */
function figuresOf(child: Candidate, budget: Budget): string {
  const cost = costUnder(budget, child);
  const latency = budget.kind === "latency" ? undefined : child.latencyMs;
  return [
    child.count > 0 ? percent(child.expectedAccuracy) : "an unknown accuracy",
    ...(cost === undefined ? [] : [`at ${formatCost(budget.kind, cost)}`]),
    ...(latency === undefined ? [] : [`and ${milliseconds(latency)}`]),
    `(${thousands(child.fileBytes)} bytes)`,
  ].join(" ");
}

/** What a choice costs and gains beside another precision of the same child. */
function reasonOf(chosen: Candidate, other: Candidate, budget: Budget): string {
  const [own, its] = [costUnder(budget, chosen)!, costUnder(budget, other)!];
  if (its > budget.limit) return `In ${other.precision!} it misses the budget.`;
  const points = 100 * (chosen.expectedAccuracy - other.expectedAccuracy);
  const gain = `${points < 0 ? "loses" : "gains"} ${Math.abs(points).toFixed(2)} points`;
  const share = Math.abs(own / its - 1);
  if (own === its) return `${chosen.precision!} costs the same under this budget as ${other.precision!} and ${gain}.`;
  return `${chosen.precision!} costs ${percent(share)} ${own < its ? "less" : "more"} than ${other.precision!} and ${gain}.`;
}
