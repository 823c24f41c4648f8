/** The targets of a search: which budget is of which one, and a bench on each that has a budget. */
import { setTimeout as wait } from "node:timers/promises";
import { UserError } from "../base/user-error.js";
import { openLatencyBench, type LatencyBench, type LatencyOptions } from "../evaluate/latency.js";
import type { Target } from "../target/target.js";
import { refuseTwice, type Budget } from "./budget.js";
import type { TargetBench } from "./judge.js";

/** The targets that children may be timed on: the first one's latencies are a child's own, the others' are beside them. */
export interface SearchTargets {
  readonly first: Target;
  readonly others: readonly Target[];
}

/**
 * Budgets that name the first target are its own.
 * @throws UserError `search/budget` where one names a target that isn't there, or two are one
 */
export function budgetsOf(budgets: readonly Budget[], { first, others }: SearchTargets): readonly Budget[] {
  const names = others.map(({ name }) => name);
  const own = budgets.map((budget) => {
    const { target, ...rest } = budget;
    if (target === undefined || names.includes(target)) return budget;
    if (target === first.name) return rest;
    const want = ["latency of", [first.name, ...names].join(" or ")].join(" ");
    throw new UserError("search/budget", {
      at: "--budget",
      got: budget.text,
      want,
      fix: `Name the target ${target} for the search.`,
    });
  });
  // With and without the name of the first target, a latency is one budget.
  refuseTwice(own);
  return own;
}

/** Names of the targets that have a budget; undefined is the first one. */
export function timedOf(budgets: readonly Budget[]): readonly (string | undefined)[] {
  return [...new Set(budgets.filter(({ kind }) => kind === "latency").map(({ target }) => target))].sort();
}

interface Options extends LatencyOptions {
  readonly onNote?: ((line: string) => void) | undefined;
  /** How long a search waits before it asks a target that went away again, in ms. */
  readonly pauseMs?: number;
  /** The bench of others that measure on a target. */
  readonly benchOf?: (target: string) => LatencyBench | undefined;
}

/** A bench on each target that has a budget. A search waits for a target that goes away. */
export async function openBenches(
  timed: readonly (string | undefined)[],
  { first, others }: SearchTargets,
  options: Options,
): Promise<TargetBench[]> {
  const benches: TargetBench[] = [];
  for (const target of timed) {
    const device = target === undefined ? first : others.find(({ name }) => name === target)!;
    const served = options.benchOf?.(device.name);
    if (served) {
      benches.push({ target, bench: served });
      continue;
    }
    const again = <T>(work: () => Promise<T>): Promise<T> => untilBack(device.name, work, options);
    const bench = await again(() => openLatencyBench(device, options));
    if (device.timesAlone) options.onNote?.(`Numerics are not checked on target ${device.name}: it gives times alone.`);
    const waiting: LatencyBench = {
      ...bench,
      measure: (...of) => again(() => bench.measure(...of)),
      compute: (model) => again(() => bench.compute(model)),
    };
    benches.push({ target, bench: waiting });
  }
  return benches;
}

/** A target that is away, and one that came back without the models that it had: both are measured again from the beginning. */
const GONE: ReadonlySet<string> = new Set(["target/away", "target/session"]);

async function untilBack<T>(
  name: string,
  work: () => Promise<T>,
  { signal, onNote, pauseMs = 10_000 }: Options,
): Promise<T> {
  for (let told = false; ; told = true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError && GONE.has(error.code))) throw error;
      if (!told) onNote?.(`Target ${name} went away: the search waits for it. ${error.message}`);
      await wait(pauseMs, undefined, { signal });
    }
  }
}
