/**
 * The search of a run: budgets held before the work starts, children judged by their compiled files, search.json kept up to date. A
 * resumed search keeps what was judged before.
 */
import { UserError } from "../base/user-error.js";
import { compiler, defaultRecalibrationImages } from "../compile/compile-child.js";
import type { Run } from "../run/run.js";
import { withLatencyBench, type LatencyBench } from "../evaluate/latency.js";
import type { Architecture } from "../space/space.js";
import { idOf, smallest } from "../space/space.js";
import { withTarget } from "../target/local.js";
import type { Target } from "../target/target.js";
import { refuseImpossible, type Budget } from "./budget.js";
import { bestUnder, coarseToFine } from "./coarse-to-fine.js";
import { coarseGrid, gridDescription } from "./grid.js";
import { judgeOf } from "./judge.js";
import { paretoFront } from "./pareto.js";
import { planOf } from "./plan.js";
import {
  candidateSchema,
  judgedBefore,
  writeSearch,
  type Candidate,
  type SearchIdentity,
  type SearchResult,
} from "./search-file.js";

/** What to search for, and how long. */
export interface SearchOptions {
  /** At least one; the result has the best child under each. */
  readonly budgets: readonly Budget[];
  /** Mutants judged for each budget; 24 by default. */
  readonly fineCandidates?: number;
  /** Training images for batch norm recalibration; 2,000 by default. */
  readonly recalibrationImages?: number;
  /** Seed of the mutations; 0 by default. */
  readonly seed?: number;
  /** race (the default): judging a mutant stops as soon as it can't win. full: every child is judged on all validation images. */
  readonly judging?: "race" | "full";
  /** Resumes from search.json where there is one of the same search. */
  readonly resume?: boolean;
  /** Where latency is measured under a latency budget: on this machine by default. */
  readonly target?: Target;
  /** Length of a latency session that decides, in seconds; 25 by default. */
  readonly seconds?: number;
  /** Where search.json is kept up to date. */
  readonly file: string;
  /** Called with each child as soon as it is judged. */
  readonly onCandidate?: (candidate: Candidate, done: number, total: number) => void;
}

export const defaultFineCandidates = 24;

/** @throws UserError `search/impossible` before the work starts, `search/resume` */
export function searchRun(run: Run, options: SearchOptions): Promise<SearchResult> {
  return withTarget(options.target, (target) => searchOn(target, run, options));
}

async function searchOn(target: Target, run: Run, options: SearchOptions): Promise<SearchResult> {
  const { budgets, file, onCandidate, seconds } = options;
  const { fineCandidates = defaultFineCandidates, seed = 0, judging = "race" } = options;
  const { recalibrationImages = defaultRecalibrationImages } = options;
  const { space } = run.supernet;
  if (budgets.length === 0) {
    const fix = "For example --budget macs=5M.";
    throw new UserError("search/budget", { at: "--budget", want: "at least one", fix });
  }
  const plan = (architecture: Architecture) => planOf(run.supernet, architecture);
  refuseImpossible(budgets, plan(smallest(space)));
  const isTimed = budgets.some(({ kind }) => kind === "latency");
  const identity: SearchIdentity = {
    format: 1,
    space: space.data,
    spaceHash: space.hash,
    checkpoint: run.weightsHash,
    seed,
    budgets: budgets.map(({ text }) => text),
    recalibrationImages,
    fineCandidates,
    judging,
    grid: gridDescription,
    ...(isTimed && { target: target.name }),
  };
  const known = options.resume ? await judgedBefore(file, identity) : new Map<string, Candidate>();
  const total = coarseGrid(space).length + budgets.length * fineCandidates;
  const resultOf = (candidates: readonly Candidate[], complete: boolean): SearchResult => ({
    ...identity,
    complete,
    // Through the schema, whose keys have one order: a candidate read back is written as it was.
    candidates: candidates.map((candidate) => candidateSchema.parse(candidate)),
    front: {
      macs: paretoFront(candidates, ({ macs }) => macs),
      ...(isTimed && { latencyMs: paretoFront(candidates, ({ latencyMs }) => latencyMs ?? Infinity) }),
    },
    chosen: budgets.flatMap((budget) => {
      const best = bestUnder(candidates, budget);
      return best ? [{ budget: budget.text, id: best.id }] : [];
    }),
  });
  const searchBy = async (bench?: LatencyBench): Promise<SearchResult> => {
    const judge = judgeOf(run, compiler(run, { recalibrationImages }), bench);
    const candidates = await coarseToFine({
      ...{ space, budgets, fineCandidates, seed, judging, plan },
      judge: async (architecture, rivals) => {
        const before = known.get(idOf(space, architecture));
        if (!before) return judge.judge(architecture, rivals);
        const { phase: _, budget: __, ...judgement } = before;
        return judgement;
      },
      onCandidates: async (soFar) => {
        const last = soFar.at(-1)!;
        if (!known.has(last.id)) await writeSearch(file, resultOf(soFar, false));
        onCandidate?.(last, soFar.length, total);
      },
    });
    const result = resultOf(candidates, true);
    await writeSearch(file, result);
    return result;
  };
  return isTimed ? withLatencyBench(target, { seed, ...(seconds !== undefined && { seconds }) }, searchBy) : searchBy();
}
