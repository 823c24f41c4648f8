/** Budgets: what a child may cost at most. */
import { UserError } from "../base/user-error.js";

/** What a budget limits. */
export type BudgetKind = "latency" | "macs" | "parameters";

/** What a child may cost at most. */
export interface Budget {
  readonly kind: BudgetKind;
  /** The name of a latency's target; undefined for the search's first target. */
  readonly target?: string | undefined;
  /** In ms for `latency`, in MACs, or in trained values for `parameters`. */
  readonly limit: number;
  /** As the user wrote it: `latency=1.5ms`. */
  readonly text: string;
  /** What its files are called: `latency-1.5ms`, `latency-pi-12ms`. */
  readonly fileName: string;
}

/** As powers of ten, to be read with the digits: `4.06 * 1e3` is less than 4060. */
const units: Record<BudgetKind, Readonly<Record<string, number>>> = {
  latency: { us: -3, ms: 0, s: 3 },
  macs: { "": 0, k: 3, K: 3, M: 6, G: 9 },
  parameters: { "": 0, k: 3, K: 3, M: 6, G: 9 },
};

/**
 * Reads `latency=1.5ms`, `latency@pi=12ms`, `macs=5M` or `parameters=100k`.
 * @throws UserError `search/budget`
 */
export function parseBudget(text: string): Budget {
  // Few digits: a child's files are named after them.
  const [, kind, target, number, unit] =
    /^(latency|macs|parameters)(?:(?<=latency)@(.+))?=(\d{1,20}(?:\.\d{1,20})?)([a-zA-Z]*)$/.exec(text) ?? [];
  const power = kind === undefined ? undefined : units[kind as BudgetKind][unit!];
  const limit = Number(`${number}e${power}`);
  if (!(limit > 0)) {
    throw new UserError("search/budget", {
      at: "--budget",
      got: text,
      want: "latency=1.5ms, macs=5M or parameters=100k",
      fix: "Write a kind, =, a number above 0 and its unit (us, ms, s; k, M, G). A latency may name a target: latency@pi=12ms.",
    });
  }
  const of = target === undefined ? [] : [target.replace(/[^\w.-]+/g, "-")];
  const fileName = [kind, ...of, `${number!}${unit!}`].join("-");
  return { kind: kind as BudgetKind, limit, text, fileName, ...(target !== undefined && { target }) };
}

/**
 * Reads every budget of a search.
 * @throws UserError `search/budget` where one is wrong or given twice
 */
export function parseBudgets(texts: readonly string[]): readonly Budget[] {
  const budgets = texts.map(parseBudget);
  refuseTwice(budgets);
  return budgets;
}

/** @throws UserError `search/budget` where two are one */
export function refuseTwice(budgets: readonly Budget[]): void {
  const twice = budgets.find(({ kind, target, limit }, i) =>
    budgets.slice(0, i).some((other) => other.kind === kind && other.limit === limit && other.target === target),
  );
  if (!twice) return;
  const fix = "Name each budget once.";
  throw new UserError("search/budget", {
    at: "--budget",
    got: `${twice.text} a second time`,
    want: "different budgets",
    fix,
  });
}

/** How a number of a kind is shown, as a budget would be written: `1.23ms`, `5.02M`. */
export function formatCost(kind: BudgetKind, value: number): string {
  const [scale, unit] =
    kind === "latency" ? [1, "ms"] : value >= 1e9 ? [1e9, "G"] : value >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  return `${Number((value / scale).toPrecision(3))}${unit}`;
}

/** A latency on one target; only known once it was measured. */
export interface LatencyCost {
  readonly latencyMs?: number | undefined;
  /** Between which limits another measurement of it lies. */
  readonly latencyIntervalMs?: readonly [low: number, high: number] | undefined;
}

/** What a child costs; its latency is that on the search's first target. */
export interface Costs extends LatencyCost {
  readonly macs: number;
  readonly parameters: number;
  /** Whether it loses more by quantisation than it may: it then meets no budget. */
  readonly losesTooMuch?: true | undefined;
  /** On further targets, by name. */
  readonly otherLatencies?: Readonly<Record<string, LatencyCost>> | undefined;
}

const latencyUnder = ({ target }: Budget, costs: Costs): LatencyCost =>
  target === undefined ? costs : (costs.otherLatencies?.[target] ?? {});

/** What a budget limits; undefined where it was not measured. */
export const costUnder = (budget: Budget, costs: Costs): number | undefined =>
  budget.kind === "latency" ? latencyUnder(budget, costs).latencyMs : costs[budget.kind];

/** Whether a child is known to meet a budget. */
export const meets = (budget: Budget, costs: Costs): boolean =>
  !costs.losesTooMuch && (costUnder(budget, costs) ?? Infinity) <= budget.limit;

/** Whether a more exact measurement may show that a child meets a budget; what was not measured is not ruled out. */
export function mayMeet(budget: Budget, costs: Costs): boolean {
  if (costs.losesTooMuch) return false;
  const { latencyIntervalMs } = budget.kind === "latency" ? latencyUnder(budget, costs) : {};
  return (latencyIntervalMs?.[0] ?? costUnder(budget, costs) ?? 0) <= budget.limit;
}

/**
 * Refuses budgets that even the cheapest child misses, with the nearest that can be met.
 * @param cheapest its costs, in each precision; what was not measured is not ruled out
 * @throws UserError `search/impossible`
 */
export function refuseImpossible(budgets: readonly Budget[], ...cheapest: readonly Costs[]): void {
  const problems = budgets.flatMap((budget) => {
    const { kind, limit, text } = budget;
    const costs = cheapest.map((child) => costUnder(budget, child) ?? 0);
    const cost = Math.min(...costs);
    if (cost <= limit) return [];
    const nearest = formatCost(kind, roundUp(kind === "latency" ? cost * LATENCY_ROOM : cost));
    const suggested = `${text.slice(0, text.lastIndexOf("="))}=${nearest}`;
    const want = `at least ${suggested}, what the smallest child needs`;
    const fix = `Use --budget ${suggested} or more, or a space with smaller children.`;
    return [{ at: "--budget", got: text, want, fix }];
  });
  if (problems.length > 0) throw new UserError("search/impossible", problems);
}

/** The next measurement may be a little slower. */
const LATENCY_ROOM = 1.05;

/** To three digits, upwards: a suggestion can itself be met. */
function roundUp(value: number): number {
  const scale = 10 ** (2 - Math.floor(Math.log10(value)));
  return Math.ceil(value * scale) / scale;
}
