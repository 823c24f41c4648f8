/**
 * Trains a supernet: steps over norm groups, one update per step, checkpoints from which a run resumes bit for bit.
 *
 *   RUN/checkpoint/   weights, optimiser state, everything else in checkpoint.json
 *   RUN/log.jsonl     loss and accuracy of biggest, smallest and random children
 */
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { writeError } from "../base/atomic-file.js";
import { permutation, random } from "../base/random.js";
import { version } from "../base/version.js";
import { saveCheckpoint } from "../checkpoint/checkpoint.js";
import { defaultEngine, parseEngine, prepareEngine } from "../engine/choose.js";
import { agree, checkSameEverywhere } from "../ranks/agree.js";
import { alone, type Ranks } from "../ranks/ranks.js";
import { initialize } from "../supernet/initialize.js";
import { collapseGuard } from "./collapse.js";
import { appendLog, cutLog, RoleMeans, type LogLine } from "./log.js";
import { clip, startState, update } from "./optimizer.js";
import { planRun, type RunOptions, type RunPlan } from "./plan-run.js";
import { groupPool } from "./pool.js";
import { arraysOf, findRun, tensorsOf } from "./resume.js";
import { learningRateAt } from "./schedule.js";
import { weightDecay } from "./weight-decay.js";

/** What to train, where to write it, and on how many cores. */
export interface TrainOptions extends RunOptions {
  /** The run's folder. */
  readonly out: string;
  /** Resumes from the checkpoint in `out`. Without it, `out` must hold no checkpoint. */
  readonly resume?: boolean;
  /** Worker threads, by default one per core. Their number never changes a result. */
  readonly threads?: number;
  /**
   * The processes that train together, by default this one alone; each is called with the same options. Their number never changes a
   * result. Rank 0 alone touches `out`.
   */
  readonly ranks?: Ranks;
  /** Called after each step with the number of steps done and to do. */
  readonly onStep?: (step: number, totalSteps: number) => void;
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

/** Approximate number of checkpoints and of log lines in a whole run. */
const CHECKPOINTS = 20;
const LOG_LINES = 200;

/**
 * Trains a supernet, or resumes a run.
 * @throws UserError `train/…` for options that don't fit together, `train/collapse` when the run diverges, `engine/…` for an engine that is
 * not there, `checkpoint/…` for a run that can't be resumed, `ranks/differ`, `space/family`, `file/write`
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { out, ranks = alone } = options;
  const threads = options.threads ?? availableParallelism();
  const plan = await agree(ranks, async () => {
    // Before planning, which loads the engine's library: it reads its settings from the environment only once.
    prepareEngine(parseEngine(options.engine ?? defaultEngine), threads);
    return planRun(options);
  });
  const { task, length, images, engine, engineBuild, state } = plan;
  await agree(ranks, () => checkSameEverywhere(ranks, whatMustBeSame(plan)));
  const { recipe, layout, seed, batch } = task;
  const { totalSteps, stepsPerEpoch } = length;
  const writes = ranks.rank === 0;
  const folder = join(out, "checkpoint");
  const logPath = join(out, "log.jsonl");
  const resumed = await agree(ranks, async () => {
    if (!writes) return undefined;
    const found = await findRun(folder, state, options);
    if (found) await cutLog(logPath, found.state.step);
    else {
      await rm(logPath, { force: true }).catch((error: unknown) => {
        throw writeError(out, error);
      });
    }
    return found && { step: found.state.step, arrays: arraysOf(found, layout) };
  });
  const arrays = resumed?.arrays ?? {
    weights: initialize(layout, seed, recipe.lastGamma === "zero" ? 0 : 1),
    optimizer: startState(recipe, layout.length),
  };
  const { weights, optimizer } = arrays;
  const position = Float64Array.of(resumed?.step ?? 0);
  for (const array of [position, weights, ...optimizer.values()]) ranks.broadcast(array);
  let step = position[0]!;

  const decay = weightDecay(task);
  const pool = groupPool(engine, task, threads, ranks);
  const guard = collapseGuard(task.supernet.space.classes, out);
  const means = new RoleMeans();
  const logEvery = Math.max(1, Math.floor(totalSteps / LOG_LINES));
  // Checkpoint only after a log line, so that no log mean spans a checkpoint.
  const checkpointEvery = logEvery * Math.ceil(totalSteps / logEvery / CHECKPOINTS);
  const save = (): Promise<void> => saveCheckpoint(folder, { state: { ...state, step }, ...tensorsOf(arrays, layout) });
  const started = performance.now();
  const firstStep = step;
  let [last, lineStarted, lineStep]: [LogLine | undefined, number, number] = [undefined, started, step];
  try {
    if (writes && step === 0) await save();
    while (step < totalSteps) {
      const epoch = Math.floor(step / stepsPerEpoch);
      const order = permutation(images.length, random(seed, "order", epoch));
      for (let inEpoch = step % stepsPerEpoch; inEpoch < stepsPerEpoch && step < totalSteps; inEpoch++) {
        const indices = order.slice(inEpoch * batch, (inEpoch + 1) * batch).map((i) => images[i]!);
        pool.weights.set(weights);
        const { gradient, groups } = await pool.run({ step, epoch }, indices);
        for (const children of groups) means.add(children, task.group);
        const teacher = groups.map(([biggest]) => biggest!);
        const sum = (key: "loss" | "correct"): number => teacher.reduce((total, child) => total + child[key], 0);
        decay(gradient, weights, step);
        const gradientNorm = clip(gradient, recipe.clipNorm);
        const health = { loss: sum("loss") / batch, accuracy: sum("correct") / batch, gradientNorm };
        // Rank 0 checks; if it stops, MPI ends the other ranks.
        if (writes) guard.check(step, health);
        const learningRate = learningRateAt(recipe, length, step);
        update(recipe, optimizer, weights, gradient, learningRate);
        step++;
        options.onStep?.(step, totalSteps);
        if (step % logEvery === 0 || step === totalSteps) {
          const now = performance.now();
          const imagesPerSecond = Math.round(((step - lineStep) * batch) / ((now - lineStarted) / 1000));
          [lineStarted, lineStep] = [now, step];
          last = { step, epoch: step / stepsPerEpoch, learningRate, gradientNorm, imagesPerSecond, ...means.take() };
          if (writes) await appendLog(logPath, last);
          options.onLog?.(last);
        }
        if (writes && (step % checkpointEvery === 0 || step === totalSteps)) {
          if (guard.isSound(weights)) await save();
          else if (step === totalSteps) guard.stop(step);
        }
      }
    }
  } finally {
    await pool.close();
  }
  const seconds = (performance.now() - started) / 1000;
  return {
    out,
    steps: step,
    seconds,
    imagesPerSecond: ((step - firstStep) * batch) / seconds,
    engine: engineBuild,
    last,
  };
}

/** What every rank must have the same, by name: a difference would silently change the run. */
function whatMustBeSame({ engineBuild, state }: RunPlan): Record<string, string> {
  const { spaceHash, recipe, data, seed, totalSteps, execution } = state;
  return {
    "the version of nestling": version,
    "the engine": engineBuild,
    "the space": spaceHash,
    "the recipe": JSON.stringify(recipe),
    "the data": data.fingerprint,
    "an option": JSON.stringify({ seed, totalSteps, execution }),
  };
}
