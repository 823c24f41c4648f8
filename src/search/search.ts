/**
 * The search of a run: budgets held before the work starts, children judged by their compiled files, search.json kept up to date. A
 * resumed search keeps what was judged before.
 */
import { UserError } from "../base/user-error.js";
import { compilerOfEach, defaultRecalibrationImages } from "../compile/compile-child.js";
import { defaultOpset } from "../compile/opsets.js";
import {
  checkMaxLoss,
  defaultPrecision,
  otherThanDefault,
  precisionsOf,
  type PrecisionName,
} from "../compile/precisions.js";
import { defaultSeconds, type LatencyBench } from "../evaluate/latency.js";
import type { Differences } from "../evaluate/probe.js";
import type { Latency } from "../evaluate/rounds.js";
import type { Run } from "../run/run.js";
import type { Architecture } from "../space/space.js";
import { idOf, smallest } from "../space/space.js";
import { withTarget } from "../target/local.js";
import type { Target } from "../target/target.js";
import { mayMeet, refuseImpossible, type Budget, type Costs } from "./budget.js";
import { coarseToFine, type SearchState } from "./coarse-to-fine.js";
import type { Crew, CrewTask, JudgedBy } from "./crew.js";
import { decide } from "./decide.js";
import { coarseGrid, gridDescription } from "./grid.js";
import { finish, type Measured } from "./finish.js";
import { judgeOf, type Compile, type JudgedChild } from "./judge.js";
import { candidateOf, screenedOf } from "./candidate.js";
import { paretoFront } from "./pareto.js";
import { planOf, type Plan } from "./plan.js";
import { changedSince, chooseProfiles } from "./profile/choose-profiles.js";
import type { LatencyProfile } from "./profile/profile-file.js";
import { judgedBefore, writeSearch, type Candidate, type SearchIdentity, type SearchResult } from "./search-file.js";
import { budgetsOf, openBenches, timedOf } from "./target-benches.js";
import { subjectsOf } from "./subject.js";
import { refuseTooFew, screeningImagesOf } from "./validation.js";

/** What to search for, and how long. */
export interface SearchOptions {
  /** At least one; the result has a choice for each. */
  readonly budgets: readonly Budget[];
  /** Children screened for each budget after the grid, at most; 24 by default. The search ends earlier where nothing measurable is left to gain. */
  readonly fineCandidates?: number;
  /** Training images for batch norm recalibration; 2,000 by default. */
  readonly recalibrationImages?: number;
  /** ONNX's opset of the files that are judged, 11 to 26; 17 by default. An older one is loaded by older runtimes. */
  readonly opset?: number;
  /**
   * What children are compiled to and judged in; float32 by default. Of several, each architecture is judged in all, and a budget's choice is an
   * architecture in one of them.
   */
  readonly precision?: PrecisionName | readonly PrecisionName[];
  /** Points of accuracy that an int8 child may lose: layers that do harm stay in float32 for it, and one that still loses more is not chosen. */
  readonly maxLoss?: number;
  /** Seed of the proposals; 0 by default. */
  readonly seed?: number;
  /** Resumes from search.json where there is one of the same search. */
  readonly resume?: boolean;
  /** Where latency is measured under a latency budget: on this machine by default. */
  readonly target?: Target;
  /** Further targets, of budgets such as `latency@pi=12ms`. */
  readonly otherTargets?: readonly Target[];
  /** Latency profiles of targets that have a budget: they order what is proposed, and measuring decides. */
  readonly profiles?: readonly LatencyProfile[];
  /** Length of a latency session that decides, in seconds; 25 by default. */
  readonly seconds?: number;
  /** Where a target computes a child's probe otherwise: refused by default, which ends the search, or noted in certificates. */
  readonly differences?: Differences;
  /** Ends the search with its reason, before the next child or in a latency session; search.json resumes it. */
  readonly signal?: AbortSignal;
  /** Others that judge, too: the results are the same. `openCrew` makes one. */
  readonly crew?: Crew;
  /** Where search.json is kept up to date. */
  readonly file: string;
  /** Called with what people should know meanwhile: a target went away, for example. */
  readonly onNote?: (line: string) => void;
  /** Called with each child as soon as it is judged. */
  readonly onCandidate?: (candidate: Candidate, progress: SearchProgress) => void;
}

/** How far a search is. */
export interface SearchProgress {
  /** Children judged. */
  readonly done: number;
  /** Children judged at most. */
  readonly total: number;
  /** Images judged so far, summed over the children. */
  readonly judgedImages: number;
}

/** What a search found, and what it measured in its photo finish. */
export interface SearchFindings {
  readonly result: SearchResult;
  /** By id, of the finalists, on the first target, where latency was measured now. */
  readonly latencies: ReadonlyMap<string, Latency>;
  /** The same on further targets, by their names. */
  readonly otherLatencies: ReadonlyMap<string, ReadonlyMap<string, Latency>>;
}

export const defaultFineCandidates = 24;

/**
 * @throws UserError `search/impossible`, `search/validation`, `compile/opset`, `search/profile-space`, `search/profile-target` before the work starts,
 * `search/resume`, `target/numerics` where a target computes a child otherwise than this machine's CPU
 */
export function searchRun(run: Run, options: SearchOptions): Promise<SearchFindings> {
  return withTarget(options.target, (target) => searchOn(target, run, options));
}

async function searchOn(target: Target, run: Run, options: SearchOptions): Promise<SearchFindings> {
  const { file, onCandidate, onNote, seconds = defaultSeconds, differences = "refused", signal, crew } = options;
  const targets = { first: target, others: options.otherTargets ?? [] };
  const budgets = budgetsOf(options.budgets, targets);
  const { fineCandidates = defaultFineCandidates, seed = 0 } = options;
  const { recalibrationImages = defaultRecalibrationImages, opset = defaultOpset } = options;
  const precisions = precisionsOf(options.precision ?? defaultPrecision);
  const limited = options.maxLoss === undefined ? {} : { maxLoss: checkMaxLoss(options.maxLoss, precisions) };
  const { space } = run.supernet;
  if (budgets.length === 0) {
    const fix = "For example --budget macs=5M.";
    throw new UserError("search/budget", { at: "--budget", want: "at least one", fix });
  }
  const compilers = compilerOfEach(run, { ...limited, recalibrationImages, opset });
  // Refuses an opset that is too old for one of them.
  precisions.forEach(compilers);
  const compile: Compile = ({ architecture, precision = precisions[0]! }) => compilers(precision).compile(architecture);
  refuseTooFew(run.validation.length, run.train.length, run.data.validation !== undefined);
  const plan = plannedOnce(run);
  refuseImpossible(budgets, plan(smallest(space)));
  const timed = timedOf(budgets);
  const isTimed = timed.includes(undefined);
  const otherTargets = timed.filter((name) => name !== undefined);
  const profiles = chooseProfiles(options.profiles ?? [], { space, timed, first: target.name });
  const identity: SearchIdentity = {
    format: 2,
    space: space.data,
    spaceHash: space.hash,
    checkpoint: run.weightsHash,
    seed,
    budgets: budgets.map(({ text }) => text),
    recalibrationImages,
    fineCandidates,
    validationImages: run.validation.length,
    screeningImages: screeningImagesOf(run.validation.length),
    grid: gridDescription,
    ...(isTimed && { target: target.name }),
    ...(otherTargets.length > 0 && { otherTargets }),
    // A key without a value: a search that asks for none is no resumption of one that asked.
    opset: opset === defaultOpset ? undefined : opset,
    precision: undefined,
    precisions: undefined,
    ...askedOf(precisions),
    maxLoss: limited.maxLoss,
    profiles: profiles.size === 0 ? undefined : [...profiles.values()].map(({ sha256 }) => sha256).sort(),
  };
  const known = options.resume ? await judgedBefore(file, identity) : new Map<string, Candidate>();
  const total = precisions.length * (coarseGrid(space).length + budgets.length * fineCandidates);
  const by = judgedBy(precisions, { ...limited, recalibrationImages, opset, seed, seconds, differences });
  const benchOf = (name: string): LatencyBench | undefined => crew?.bench(name, by);
  const benches = await openBenches(timed, targets, { seed, seconds, differences, signal, onNote, benchOf });
  for (const { target: of, bench } of benches) {
    const profile = profiles.get(of);
    const changed = profile && changedSince(profile, bench.environment);
    if (changed !== undefined) onNote?.(changed);
  }
  const ownJudge: CrewTask["ownJudge"] = (conditions) => judgeOf(run, compile, conditions);
  const isWithin = (costs: Costs): boolean => budgets.some((budget) => mayMeet(budget, costs));
  const { screeningImages, validationImages } = identity;
  const task: CrewTask = { ...by, screeningImages, validationImages, isWithin, costsOf: plan, benches, ownJudge };
  const judge = crew?.judge(task) ?? ownJudge({ screeningImages, isWithin, benches });
  const subjects = coarseGrid(space).flatMap((architecture) => subjectsOf(space, architecture, precisions));
  judge.foresee?.(subjects.filter(({ id }) => !known.has(id)));
  const measured: Measured = new Map(timed.map((name) => [name, new Map<string, Latency>()]));
  const state = await coarseToFine<JudgedChild>({
    ...{ space, precisions, budgets, fineCandidates, seed, plan, profiles },
    screen: async (subject) => {
      signal?.throwIfAborted();
      const before = known.get(subject.id);
      return before ? screenedOf(before, identity.screeningImages) : judge.screen(subject);
    },
    finish: (finalists) => finish(finalists, { judge, known, benches, measured }),
    onJudged: async (judged, belief) => {
      const result = resultOf({ judged, belief }, { identity, isTimed });
      const last = result.candidates.at(-1)!;
      if (!known.has(last.id)) await writeSearch(file, result);
      onCandidate?.(last, { done: judged.length, total, judgedImages: result.judgedImages });
    },
  });
  const ends = subjectsOf(space, smallest(space), precisions);
  const chosen = decide(
    state,
    budgets,
    ends.map(({ id }) => id),
  );
  const result: SearchResult = {
    ...resultOf(state, { identity, isTimed }),
    complete: true,
    chosen: chosen.map(({ budget, tied, ...choice }) => ({ ...choice, budget: budget.text, tied: [...tied] })),
  };
  await writeSearch(file, result);
  return {
    result,
    latencies: measured.get(undefined) ?? new Map(),
    otherLatencies: new Map(otherTargets.map((name) => [name, measured.get(name)!])),
  };
}

/** The precisions of a search as what asks for them says so; nothing for float32 alone. */
const askedOf = (precisions: readonly PrecisionName[]): Pick<SearchIdentity, "precision" | "precisions"> =>
  precisions.length > 1 ? { precisions: [...precisions] } : otherThanDefault(precisions[0]!);

/** What a search's children are judged by. */
export const judgedBy = (precisions: readonly PrecisionName[], by: Omit<JudgedBy, "precision">): JudgedBy => {
  const { precision } = askedOf(precisions);
  return { ...by, ...(precision && { precision }) };
};

/** What search.json says of a search so far, without a choice. */
function resultOf(
  { judged, belief }: SearchState<JudgedChild>,
  { identity, isTimed }: { readonly identity: SearchIdentity; readonly isTimed: boolean },
): SearchResult {
  const candidates = judged.map((child, i) => candidateOf(child, belief.mean[i]!, belief.covariance[i]![i]!));
  const otherFronts = (identity.otherTargets ?? []).map((target) => {
    const costOf = ({ otherLatencies }: Candidate): number => otherLatencies?.[target]?.latencyMs ?? Infinity;
    return [target, paretoFront(candidates, costOf)] as const;
  });
  return {
    ...identity,
    complete: false,
    judgedImages: candidates.reduce((sum, { count }) => sum + count, 0),
    candidates,
    front: {
      macs: paretoFront(candidates, ({ macs }) => macs),
      ...(isTimed && { latencyMs: paretoFront(candidates, ({ latencyMs }) => latencyMs ?? Infinity) }),
      ...(otherFronts.length > 0 && { otherLatencies: Object.fromEntries(otherFronts) }),
    },
    chosen: [],
  };
}

/** Plans are asked for again and again. */
function plannedOnce(run: Run): (architecture: Architecture) => Plan {
  const plans = new Map<string, Plan>();
  return (architecture) => {
    const id = idOf(run.supernet.space, architecture);
    const plan = plans.get(id) ?? planOf(run.supernet, architecture);
    plans.set(id, plan);
    return plan;
  };
}
