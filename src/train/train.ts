/**
 * Trains a supernet: steps over norm groups, one update per step, checkpoints from which a run resumes bit for bit.
 *
 *   RUN/checkpoint/   weights, optimiser state, everything else in checkpoint.json
 *   RUN/data.json     where the images are
 *   RUN/log.jsonl     loss and accuracy of biggest, smallest and random children
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { lockFolder } from "../base/folder-lock.js";
import { version } from "../base/version.js";
import { writePlace } from "../data/place.js";
import { fewestImages } from "../data/split.js";
import { defaultEngine, parseEngine, prepareEngine } from "../engine/choose.js";
import { agree, checkSameEverywhere } from "../ranks/agree.js";
import { alone, type Ranks } from "../ranks/ranks.js";
import { beginRun, type RunFiles } from "./begin-run.js";
import { collapseGuard, type Signs } from "./collapse.js";
import { stepsOfRun } from "./find-run.js";
import { checkpointKeeper, noKeeper } from "./keep-checkpoints.js";
import type { LogLine } from "./log.js";
import { logbook } from "./logbook.js";
import { withNormGroup } from "./norm-group.js";
import { planRun, type RunOptions, type RunPlan } from "./plan-run.js";
import { bitsAt, startOfRounding } from "./quantization.js";
import { intervalsOf, learningRateAt } from "./schedule.js";
import { stepsFrom } from "./steps-from.js";
import { stepsIn } from "./steps-in.js";
import type { StepResult } from "./trainer.js";
import { trainerOf } from "./choose-trainer.js";

/** What to train, where to write it, and on how many cores. */
export interface TrainOptions extends RunOptions {
  /** The run's folder. */
  readonly out: string;
  /** Resumes from the checkpoint in `out`. Without it, `out` must hold no checkpoint. */
  readonly resume?: boolean;
  /**
   * Overrides the recipe's `normGroup`. `auto`: the largest that fits into the memory of the engine's device, or of this machine, and
   * leaves no worker idle; the recipe's own where that memory isn't known. A resumed run keeps the number that it began with.
   */
  readonly normGroup?: number | "auto";
  /** Worker threads, by default one per core. Their number never changes a result; `normGroup: "auto"` depends on it. */
  readonly threads?: number;
  /**
   * The processes that train together, by default this one alone; each is called with the same options. Their number never changes a
   * result. Rank 0 alone touches `out`.
   */
  readonly ranks?: Ranks;
  /**
   * Ends the training with its reason, before the next step: the run then resumes from its last checkpoint, as after a crash. Of several ranks
   * each must be ended.
   */
  readonly signal?: AbortSignal;
  /** Called after each step with the number of steps done and to do. */
  readonly onStep?: (step: number, totalSteps: number) => void;
  /**
   * Called before the first step with the size of norm groups that `auto` has chosen, and why; and with the step from which on the
   * recipe's `quantization` rounds.
   */
  readonly onNote?: (line: string) => void;
  /** Called with each line of the log as it is written. */
  readonly onLog?: (line: LogLine) => void;
}

/** The outcome of a finished training. */
export interface TrainResult {
  /** The run's folder: `openRun` opens it. */
  readonly out: string;
  /** Steps done since the run began, in earlier calls too. */
  readonly steps: number;
  /** Time of this call. */
  readonly seconds: number;
  /** Training images per second in this call; every child of the sandwich sees each image. */
  readonly imagesPerSecond: number;
  /** The engine's description, with its version. */
  readonly engine: string;
  /** The last line of the log; undefined if the run was already complete. */
  readonly last: LogLine | undefined;
}

/**
 * Trains a supernet, or resumes a run.
 * @throws UserError `train/…` for options that don't fit together, `train/collapse` if the run diverges, `engine/…` for
 * an engine that is missing, `checkpoint/…` for a run that can't be resumed, `ranks/differ`, `space/family`,
 * `file/write`, `file/locked` while another process trains in the folder
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { out, ranks = alone, threads = availableParallelism() } = options;
  options.signal?.throwIfAborted();
  const files = { out, checkpoint: join(out, "checkpoint"), log: join(out, "log.jsonl") };
  const writes = ranks.rank === 0;

  const { resume = false } = options;
  const recipe = await withNormGroup(options, { checkpoint: files.checkpoint, resume, threads, ranks });
  const plan = await planTogether({ ...options, recipe }, files.checkpoint, ranks, threads);
  const release = await agree(ranks, () => (writes ? lockFolder(out, "train") : undefined));
  try {
    return await trainOn(plan, files, options);
  } finally {
    await release?.();
  }
}

async function trainOn(plan: RunPlan, files: RunFiles, options: TrainOptions): Promise<TrainResult> {
  const { out, ranks = alone, threads = availableParallelism() } = options;
  const { task, length, engineBuild } = plan;
  const writes = ranks.rank === 0;
  const state = await beginRun(plan, files, { ...options, ranks });
  const intervals = intervalsOf(length);
  const guard = collapseGuard({ classes: task.supernet.space.classes, batch: task.batch, out });
  const path = writes ? files.log : undefined;
  const log = logbook({
    path,
    length,
    normGroup: options.normGroup && task.group,
    intervals,
    from: state.step,
    onLog: options.onLog,
  });
  const trainer = trainerOf(plan, state, { threads, ranks });
  const keeper = writes ? checkpointKeeper(files.checkpoint, plan, trainer, { intervals, guard }) : noKeeper;

  const aside = options.data.train.count - plan.images.length;
  if (writes && aside < fewestImages)
    options.onNote?.(`${aside} validation images: search needs ${fewestImages}, export needs none.`);
  const start = writes ? startOfRounding(task, length) : undefined;
  if (start) options.onNote?.(start);
  const started = performance.now();
  try {
    await keeper.atStart(state.step);
    if (writes) await writePlace(out, options.source, options.data.broken);
    for await (const { waitedMs, ...batch } of stepsFrom(state.step, plan, ranks)) {
      options.signal?.throwIfAborted();
      const { step } = batch;
      const learningRate = learningRateAt(task.recipe, length, step);
      const result = await trainer.step(batch, learningRate);
      log.waited(waitedMs);
      for (const children of result.groups) log.add(children, task.group);
      // Rank 0 checks; if it stops, MPI ends the other ranks.
      if (writes) guard.check(step, signsOf(result, task.batch));
      const done = step + 1;
      options.onStep?.(done, length.totalSteps);
      await log.after(done, { learningRate, gradientNorm: result.gradientNorm, bits: bitsAt(task, step) });
      await keeper.after(done);
    }
  } finally {
    await trainer.close();
  }
  const seconds = (performance.now() - started) / 1000;
  const imagesPerSecond = ((length.totalSteps - state.step) * task.batch) / seconds;
  return { out, steps: length.totalSteps, seconds, imagesPerSecond, engine: engineBuild, last: log.last };
}

/** The vital signs of a step, from the biggest child's results. */
function signsOf({ groups, gradientNorm }: StepResult, batch: number): Signs {
  const mean = (key: "loss" | "correct"): number => groups.reduce((sum, [biggest]) => sum + biggest![key], 0) / batch;
  return { loss: mean("loss"), accuracy: mean("correct"), gradientNorm };
}

/** The plan, made on every rank from the same options. */
async function planTogether(
  options: TrainOptions,
  checkpoint: string,
  ranks: Ranks,
  threads: number,
): Promise<RunPlan> {
  const plan = await agree(ranks, () => {
    // Before planning, which loads the engine's library: it reads its settings from the environment only once.
    prepareEngine(parseEngine(options.engine ?? defaultEngine), threads, options.precision);
    return planRun(options);
  });
  await agree(ranks, () => checkSameEverywhere(ranks, whatMustBeSame(plan)));
  const { minutes, resume = false } = options;
  if (minutes === undefined) return plan;
  const begun = Float64Array.of(ranks.rank === 0 && resume ? await stepsOfRun(checkpoint) : 0);
  ranks.broadcast(begun);
  const steps = begun[0]! || (await stepsIn(minutes, plan, threads, ranks));
  return agree(ranks, () => planRun({ ...options, steps }));
}

/** What every rank must have the same, by name: a difference would silently change the run. */
function whatMustBeSame({ engineBuild, description, position }: RunPlan): Record<string, string> {
  const { spaceHash, data, seed } = description;
  const { recipe, totalSteps, execution, precision } = position;
  return {
    "the version of nestling": version,
    "the engine": engineBuild,
    "the space": spaceHash,
    "the recipe": JSON.stringify(recipe),
    "the data": data.fingerprint,
    "an option": JSON.stringify({ seed, totalSteps, execution, precision }),
  };
}
