/**
 * Trains a supernet: steps over norm groups, one update a step, checkpoints that a resumed run continues bit for bit.
 *
 *   RUN/checkpoint/   weights, optimiser state, everything else in checkpoint.json
 *   RUN/log.jsonl     loss and accuracy of biggest, smallest and random children
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { writeError } from "../base/atomic-file.js";
import { permutation, random } from "../base/random.js";
import { UserError } from "../base/user-error.js";
import { foundInstead } from "../base/user-file.js";
import { loadCheckpoint, saveCheckpoint, type Checkpoint } from "../checkpoint/checkpoint.js";
import type { Tensors } from "../checkpoint/safetensors.js";
import type { Dataset } from "../data/images.js";
import { splitTrainValidation } from "../data/split.js";
import { createEngine, parseEngine } from "../engine/choose.js";
import type { SearchSpace } from "../space/space.js";
import { initialize, layoutOf, viewsOf, type Layout } from "../supernet/initialize.js";
import { boxOf, forEachRun } from "../supernet/slice.js";
import { buildSupernet } from "../supernet/supernet.js";
import { collapseGuard } from "./collapse.js";
import { appendLog, cutLog, RoleMeans, type LogLine } from "./log.js";
import { clip, startState, update, type OptimizerState } from "./optimizer.js";
import { groupPool } from "./pool.js";
import type { Recipe } from "./recipe.js";
import { childrenOf, type Execution, type Task } from "./sandwich.js";
import { learningRateAt } from "./schedule.js";

export interface TrainOptions {
  readonly space: SearchSpace;
  readonly data: Dataset;
  /** How the data was named, for the checkpoint. */
  readonly source: string;
  readonly recipe: Recipe;
  /** The run's folder. */
  readonly out: string;
  readonly engine?: string;
  /** Overrides the recipe's epochs. */
  readonly steps?: number;
  readonly seed?: number;
  readonly execution?: "auto" | Execution;
  /** Continues the checkpoint in `out`; without it, `out` must hold none. */
  readonly resume?: boolean;
  /** Worker threads; never changes a result. */
  readonly threads?: number;
  readonly onStep?: (step: number, totalSteps: number) => void;
  readonly onLog?: (line: LogLine) => void;
}

export interface TrainResult {
  readonly out: string;
  readonly steps: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly engine: string;
  readonly last: LogLine | undefined;
}

/** Checkpoints and log lines of a whole run, at least. */
const CHECKPOINTS = 20;
const LOG_LINES = 200;

/**
 * Trains, or continues a run.
 * @throws UserError `train/…` for options that don't fit together, `train/collapse` when the run diverges
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { space, data, recipe, out } = options;
  checkFit(space, data, recipe);
  const { hash: spaceHash, ...spaceData } = space;
  const supernet = buildSupernet(space);
  const layout = layoutOf(supernet.graph);
  const seed = options.seed ?? 0;
  const split = splitTrainValidation(data.train, { share: recipe.validationShare, seed });
  const { batch } = recipe;
  const stepsPerEpoch = Math.floor(split.train.length / batch);
  if (stepsPerEpoch === 0) {
    throw new UserError("train/batch", {
      at: "batch",
      got: batch,
      want: `at most ${split.train.length}, the training images without the validation part`,
      fix: "Use a smaller --batch or more images.",
    });
  }
  const totalSteps = options.steps ?? Math.max(1, Math.round(recipe.epochs * stepsPerEpoch));
  const engineName = parseEngine(options.engine ?? "auto");
  const probe = createEngine(engineName);
  const engine = probe.description;
  probe.dispose();
  const execution = options.execution === undefined || options.execution === "auto" ? "sliced" : options.execution;

  const folder = join(out, "checkpoint");
  const logPath = join(out, "log.jsonl");
  await mkdir(out, { recursive: true }).catch((error: unknown) => {
    throw writeError(out, error);
  });
  const state: Checkpoint["state"] = {
    step: 0,
    totalSteps,
    seed,
    space: spaceData,
    spaceHash,
    recipe,
    data: {
      source: options.source,
      fingerprint: data.fingerprint,
      classes: [...data.classes],
      mean: [...data.mean],
      std: [...data.std],
      validationShare: recipe.validationShare,
      size: data.train.height,
    },
    engine: engineName,
    execution,
  };
  const found = await existing(folder);
  if (found && !options.resume) {
    throw new UserError("train/exists", {
      at: out,
      got: `a run at step ${found.state.step}`,
      want: "a new folder",
      fix: "Continue it with --resume, or choose another --out.",
    });
  }
  const resumed = found && checkSame(found, state, out);
  const weights = resumed
    ? flatten(layout, resumed.weights)
    : initialize(layout, seed, recipe.lastGamma === "zero" ? 0 : 1);
  const optimizer = resumed
    ? new Map([...resumed.optimizer].map(([name, { data: values }]) => [name, values]))
    : startState(recipe, layout.length);
  let step = resumed?.state.step ?? 0;
  if (resumed) await cutLog(logPath, step);
  else await rm(logPath, { force: true });

  const { mean, std } = data;
  const task: Task = {
    supernet,
    layout,
    recipe,
    seed,
    execution,
    images: data.train,
    normalization: { mean, std },
    batch,
    group: Math.min(recipe.normGroup, batch),
  };
  const decayed = decayOf(task);
  const pool = groupPool(engineName, task, options.threads ?? availableParallelism());
  const guard = collapseGuard(space.classes, out);
  const means = new RoleMeans();
  const checkpointEvery = Math.max(1, Math.ceil(totalSteps / CHECKPOINTS));
  const logEvery = Math.max(1, Math.floor(totalSteps / LOG_LINES));
  const save = (): Promise<void> =>
    saveCheckpoint(folder, {
      state: { ...state, step },
      weights: tensorsOf(layout, weights),
      optimizer: optimizerTensors(optimizer),
    });
  const started = performance.now();
  const firstStep = step;
  let [last, lineStarted, lineStep]: [LogLine | undefined, number, number] = [undefined, started, step];
  try {
    if (step === 0) await save();
    while (step < totalSteps) {
      const epoch = Math.floor(step / stepsPerEpoch);
      const order = permutation(split.train.length, random(seed, "order", epoch));
      for (let inEpoch = step % stepsPerEpoch; inEpoch < stepsPerEpoch && step < totalSteps; inEpoch++) {
        const indices = order.slice(inEpoch * batch, (inEpoch + 1) * batch).map((i) => split.train[i]!);
        pool.weights.set(weights);
        const { gradient, groups } = await pool.run({ step, epoch }, indices);
        for (const children of groups) means.add(children, task.group);
        const teacher = groups.map(([biggest]) => biggest!);
        const sum = (key: "loss" | "correct"): number => teacher.reduce((total, child) => total + child[key], 0);
        guard.check(step, sum("loss"), sum("correct") / batch);
        decayed(gradient, weights, step);
        const gradientNorm = clip(gradient, recipe.clipNorm);
        const learningRate = learningRateAt(recipe, { totalSteps, stepsPerEpoch, batch }, step);
        update(recipe, optimizer, weights, gradient, learningRate);
        step++;
        options.onStep?.(step, totalSteps);
        if (step % logEvery === 0 || step === totalSteps) {
          const now = performance.now();
          const imagesPerSecond = Math.round(((step - lineStep) * batch) / ((now - lineStarted) / 1000));
          [lineStarted, lineStep] = [now, step];
          last = { step, epoch: step / stepsPerEpoch, learningRate, gradientNorm, imagesPerSecond, ...means.take() };
          await appendLog(logPath, last);
          options.onLog?.(last);
        }
        if (step % checkpointEvery === 0 || step === totalSteps) await save();
      }
    }
  } finally {
    await pool.close();
  }
  const seconds = (performance.now() - started) / 1000;
  return { out, steps: step, seconds, imagesPerSecond: ((step - firstStep) * batch) / seconds, engine, last };
}

function checkFit(space: SearchSpace, data: Dataset, recipe: Recipe): void {
  const problems = [];
  if (data.classes.length !== space.classes) {
    const fix = `Set "classes": ${data.classes.length} in the space.`;
    problems.push({
      at: "--data",
      got: `${data.classes.length} classes`,
      want: `${space.classes}, as the space ${space.name} has`,
      fix,
    });
  }
  if (data.train.channels !== space.channels) {
    const fix = `Set "channels": ${data.train.channels} in the space.`;
    problems.push({
      at: "--data",
      got: `${data.train.channels} channels`,
      want: `${space.channels}, as the space ${space.name} has`,
      fix,
    });
  }
  const group = Math.min(recipe.normGroup, recipe.batch);
  if (recipe.batch % group !== 0) {
    const fix = "Change --batch, or normGroup in the recipe.";
    problems.push({ at: "batch", got: recipe.batch, want: `a multiple of normGroup, ${recipe.normGroup}`, fix });
  }
  if (recipe.batch < 2) {
    problems.push({ at: "batch", got: recipe.batch, want: "at least 2", fix: "Batch norm needs more than one image." });
  }
  if (problems.length > 0) throw new UserError("train/fit", problems);
}

/** The checkpoint in a folder; undefined only where there is none, never where it can't be read. */
async function existing(folder: string): Promise<Checkpoint | undefined> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (foundInstead(error) === "missing") return [];
    throw writeError(folder, error);
  });
  return names.includes("checkpoint.json") ? loadCheckpoint(folder) : undefined;
}

/** A resumed run must be the same run. */
function checkSame(found: Checkpoint, now: Checkpoint["state"], out: string): Checkpoint {
  const keys = ["totalSteps", "seed", "spaceHash", "recipe", "data", "engine", "execution"] as const;
  const problems = keys
    .filter((key) => JSON.stringify(found.state[key]) !== JSON.stringify(now[key]))
    .map((key) => ({
      at: `${out}/checkpoint: ${key}`,
      got: JSON.stringify(now[key]).slice(0, 80),
      want: `${JSON.stringify(found.state[key]).slice(0, 80)}, as the run began`,
      fix: "Resume with the options the run was started with, or start another --out.",
    }));
  if (problems.length > 0) throw new UserError("train/resume", problems);
  return found;
}

/**
 * Adds weight decay to a gradient: w · decay for every decayed weight, once for the biggest child, which has them all; or, under
 * `regularize: all`, once for each child that uses the weight.
 */
function decayOf(task: Task): (gradient: Float32Array, weights: Float32Array, step: number) => void {
  const { supernet, layout, recipe } = task;
  return (gradient, weights, step) => {
    if (recipe.weightDecay === 0) return;
    const children = recipe.regularize === "all" ? childrenOf(task, step) : childrenOf(task, step).slice(0, 1);
    for (const { architecture } of children) {
      const setting = supernet.settingOf(architecture);
      for (const { parameter, offset } of layout.slots.values()) {
        if (!parameter.decay) continue;
        forEachRun(boxOf(parameter, setting), (from, _, length) => {
          for (let i = offset + from; i < offset + from + length; i++) gradient[i]! += recipe.weightDecay * weights[i]!;
        });
      }
    }
  };
}

function tensorsOf(layout: Layout, flat: Float32Array): Tensors {
  const views = viewsOf(layout, flat);
  return new Map([...layout.slots].map(([name, { shape }]) => [name, { shape, data: views.get(name)! }]));
}

const optimizerTensors = (state: OptimizerState): Tensors =>
  new Map([...state].map(([name, data]) => [name, { shape: [data.length], data }]));

/** The checkpoint's weights as one array; names and shapes must be the supernet's. */
function flatten(layout: Layout, tensors: Tensors): Float32Array {
  const flat = new Float32Array(layout.length);
  for (const [name, { offset, length }] of layout.slots) {
    const tensor = tensors.get(name);
    if (tensor?.data.length !== length) {
      throw new UserError("checkpoint/corrupt", {
        at: `checkpoint weights: ${name}`,
        got: tensor ? `[${tensor.shape.join(", ")}]` : "missing",
        want: `${length} numbers`,
        fix: "The checkpoint is of another space or version: train again.",
      });
    }
    flat.set(tensor.data, offset);
  }
  return flat;
}
