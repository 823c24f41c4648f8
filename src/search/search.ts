/**
 * Coarse to fine (BigNAS, section 3.3): every point of a grid is compiled and judged, then the best under each budget is mutated
 * and its mutants are judged the same way. No architecture is judged twice; a resumed search takes what was judged and goes on.
 */
import { z } from "zod";
import { random } from "../base/random.js";
import { readFile } from "node:fs/promises";
import { writeJsonAtomic } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import { parseJsonFile } from "../base/user-file.js";
import { compiler, defaultRecalibrationImages } from "../compile/compile-child.js";
import type { Run } from "../compile/run.js";
import { openLatencyBench } from "../evaluate/latency.js";
import { costOf } from "../graph/analyses.js";
import { slice } from "../supernet/slice.js";
import { architectureSchema, type Architecture } from "../space/schema.js";
import { idOf, mutate, smallest } from "../space/space.js";
import { costUnder, refuse, type Budget } from "./budget.js";
import { coarseGrid, gridDescription } from "./grid.js";
import { judgeOf, type Hits, type Judgement } from "./judge.js";
import { paretoFront } from "./pareto.js";

const judgementSchema = z.strictObject({
  id: z.string(),
  architecture: architectureSchema,
  macs: z.number(),
  parameters: z.number(),
  peakBytes: z.number(),
  fileBytes: z.number(),
  sha256: z.string(),
  correct: z.number(),
  count: z.number(),
  accuracy: z.number(),
  accuracyInterval: z.tuple([z.number(), z.number()]),
  latencyMs: z.number().optional(),
  latencyIntervalMs: z.tuple([z.number(), z.number()]).optional(),
  stopped: z.enum(["over-budget", "cannot-win"]).optional(),
  phase: z.enum(["coarse", "fine"]),
  budget: z.string().optional().describe("The budget that a fine candidate was proposed for."),
  /** One character an image, so that a resumed search races as the first one did. */
  hits: z.string().describe("Which validation images it got right, four to a hexadecimal digit."),
});

/** search.json */
export const searchSchema = z.strictObject({
  format: z.literal(1),
  complete: z.boolean(),
  space: z.string(),
  checkpoint: z.string().describe("SHA-256 of the weights searched."),
  seed: z.number(),
  budgets: z.array(z.string()),
  recalibrationImages: z.number(),
  fineCandidates: z.number(),
  grid: z.string(),
  candidates: z.array(judgementSchema),
  front: z
    .strictObject({ macs: z.array(z.string()), latencyMs: z.array(z.string()).optional() })
    .describe("Ids of the Pareto fronts."),
  chosen: z.array(z.strictObject({ budget: z.string(), id: z.string() })),
});

export type SearchResult = z.output<typeof searchSchema>;
export type Candidate = SearchResult["candidates"][number];

export interface SearchOptions {
  readonly budgets: readonly Budget[];
  /** Mutants judged for each budget. */
  readonly fineCandidates?: number;
  readonly recalibrationImages?: number;
  readonly seed?: number;
  /** Goes on with search.json where one of the same search stands. */
  readonly resume?: boolean;
  /** Where search.json is kept up to date. */
  readonly file: string;
  readonly onCandidate?: (candidate: Candidate, done: number, total: number) => void;
}

export const defaultFineCandidates = 24;
/** Probability that a mutation redraws a dimension. */
const MUTATION = 0.2;
/** Draws for one new mutant before its neighbourhood counts as exhausted. */
const DRAWS = 200;

/** @throws UserError `search/impossible` before the work starts, `search/resume` */
export async function searchRun(run: Run, options: SearchOptions): Promise<SearchResult> {
  const { budgets, file } = options;
  const {
    fineCandidates = defaultFineCandidates,
    recalibrationImages = defaultRecalibrationImages,
    seed = 0,
  } = options;
  const { space } = run.supernet;
  if (budgets.length === 0) {
    throw new UserError("search/budget", {
      at: "--budget",
      want: "at least one",
      fix: "For example --budget macs=5M.",
    });
  }
  const cheapest = planCost(run, smallest(space));
  for (const budget of budgets) {
    const cost = costUnder(budget, cheapest);
    if (cost !== undefined && cost > budget.limit) throw refuse(budget, cost);
  }
  const identity = {
    format: 1 as const,
    space: space.hash,
    checkpoint: run.weightsHash,
    seed,
    budgets: budgets.map(({ text }) => text),
    recalibrationImages,
    fineCandidates,
    grid: gridDescription,
  };
  const known = await judgedBefore(file, identity, options.resume ?? false);
  const measuresLatency = budgets.some(({ kind }) => kind === "latency");
  const bench = measuresLatency ? await openLatencyBench({ seed }) : undefined;
  try {
    const judge = judgeOf(run, compiler(run, { recalibrationImages }), bench);
    const candidates: Candidate[] = [];
    const seen = new Set<string>();
    const grid = coarseGrid(space);
    const total = grid.length + budgets.length * fineCandidates;
    const resultSoFar = (complete: boolean): SearchResult => ({
      ...identity,
      complete,
      candidates,
      front: {
        macs: paretoFront(candidates, ({ macs }) => macs),
        ...(measuresLatency && { latencyMs: paretoFront(candidates, ({ latencyMs }) => latencyMs ?? Infinity) }),
      },
      chosen: budgets.flatMap((budget) => {
        const best = bestUnder(candidates, budget);
        return best ? [{ budget: budget.text, id: best.id }] : [];
      }),
    });
    const take = async (
      architecture: Architecture,
      phase: Pick<Candidate, "phase" | "budget">,
      race: Parameters<typeof judge.judge>[1],
    ): Promise<Candidate> => {
      const id = idOf(space, architecture);
      seen.add(id);
      let candidate = known.get(id);
      if (!candidate) {
        const { judgement, hits } = await judge.judge(architecture, race);
        candidate = { ...plainJudgement(judgement), ...phase, hits: packHits(hits) };
      }
      candidates.push(candidate);
      if (!known.has(id)) await writeJsonAtomic(file, resultSoFar(false));
      options.onCandidate?.(candidate, candidates.length, total);
      return candidate;
    };

    // The smallest child first: if it misses a latency budget, so does everything.
    const first = await take(smallest(space), { phase: "coarse" }, {});
    for (const budget of budgets) {
      const cost = costUnder(budget, first)!;
      if (cost > budget.limit) throw refuse(budget, cost);
    }
    for (const architecture of grid) {
      if (!seen.has(idOf(space, architecture))) await take(architecture, { phase: "coarse" }, {});
    }
    for (const [index, budget] of budgets.entries()) {
      let parent = bestUnder(candidates, budget) ?? first;
      for (let i = 0; i < fineCandidates; i++) {
        const architecture = propose(run, parent.architecture, budget, seen, [seed, "fine", index, i]);
        if (!architecture) break;
        const race = {
          incumbent: unpackHits(parent.hits, parent.count),
          ...(budget.kind === "latency" && { latencyLimitMs: budget.limit }),
        };
        const challenger = await take(architecture, { phase: "fine", budget: budget.text }, race);
        parent = bestUnder([parent, challenger], budget) ?? parent;
      }
    }
    const result = resultSoFar(true);
    await writeJsonAtomic(file, result);
    return result;
  } finally {
    await bench?.close();
  }
}

/** MACs and parameters of an architecture, exactly, without compiling it. */
export function planCost(run: Run, architecture: Architecture): { macs: number; parameters: number } {
  return costOf(slice(run.supernet.graph, run.supernet.settingOf(architecture)), architecture.resolution);
}

/** A mutant that nobody has judged; costs that are known exactly without measuring are held here. */
function propose(
  run: Run,
  parent: Architecture,
  budget: Budget,
  seen: ReadonlySet<string>,
  key: readonly (string | number)[],
): Architecture | undefined {
  const { space } = run.supernet;
  const draw = random(...key);
  for (let i = 0; i < DRAWS; i++) {
    const mutant = mutate(space, parent, MUTATION, draw);
    if (seen.has(idOf(space, mutant))) continue;
    const cost = costUnder(budget, planCost(run, mutant));
    if (cost === undefined || cost <= budget.limit) return mutant;
  }
  return undefined;
}

/** The most accurate candidate judged in full within a budget; of equals the one with fewer MACs. */
export function bestUnder(candidates: readonly Candidate[], budget: Budget): Candidate | undefined {
  const within = candidates.filter((candidate) => {
    const cost = costUnder(budget, candidate);
    return candidate.stopped === undefined && cost !== undefined && cost <= budget.limit;
  });
  return within.sort((a, b) => b.accuracy - a.accuracy || a.macs - b.macs || (a.id < b.id ? -1 : 1))[0];
}

async function judgedBefore(
  file: string,
  identity: Partial<SearchResult>,
  resume: boolean,
): Promise<ReadonlyMap<string, Candidate>> {
  if (!resume) return new Map();
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return new Map();
  const parsed = searchSchema.safeParse(parseJsonFile(text, file, "search/resume"));
  const fix = "Search again without --resume.";
  if (!parsed.success) throw new UserError("search/resume", { at: file, got: "damaged", want: "a search.json", fix });
  const changed = Object.entries(identity).filter(
    ([key, value]) => JSON.stringify(parsed.data[key as keyof SearchResult]) !== JSON.stringify(value),
  );
  if (changed.length > 0) {
    throw new UserError(
      "search/resume",
      changed.map(([key, value]) => ({
        at: `${file}: ${key}`,
        got: JSON.stringify(parsed.data[key as keyof SearchResult]).slice(0, 80),
        want: `${JSON.stringify(value).slice(0, 80)}, as asked for now`,
        fix: "Resume with the options that the search was started with, or search again without --resume.",
      })),
    );
  }
  return new Map(parsed.data.candidates.map((candidate) => [candidate.id, candidate]));
}

const plainJudgement = ({ accuracyInterval, latencyIntervalMs, ...rest }: Judgement) => ({
  ...rest,
  accuracyInterval: [...accuracyInterval] as [number, number],
  ...(latencyIntervalMs && { latencyIntervalMs: [...latencyIntervalMs] as [number, number] }),
});

/** Bits as hexadecimal digits, first image in the highest bit. */
export function packHits(hits: Hits): string {
  const digits: string[] = [];
  for (let i = 0; i < hits.length; i += 4) {
    digits.push(
      ((hits[i]! << 3) | ((hits[i + 1] ?? 0) << 2) | ((hits[i + 2] ?? 0) << 1) | (hits[i + 3] ?? 0)).toString(16),
    );
  }
  return digits.join("");
}

export const unpackHits = (packed: string, count: number): Hits =>
  Uint8Array.from({ length: count }, (_, i) => (parseInt(packed[i >> 2]!, 16) >> (3 - (i & 3))) & 1);
