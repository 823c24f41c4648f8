/**
 * Where a run starts: at its last checkpoint, or at step 0. Random streams are keyed by the step, so step, weights and
 * optimiser state are the whole state of a run.
 */
import { rm } from "node:fs/promises";
import { writeError } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import type { Tensors } from "../checkpoint/safetensors.js";
import { arraysIn, type TrainedArrays } from "../engine/resident.js";
import { agree } from "../ranks/agree.js";
import type { Ranks } from "../ranks/ranks.js";
import { storedWeights } from "../supernet/weights.js";
import { findRun } from "./find-run.js";
import { cutLog } from "./log.js";
import { startState } from "./optimizer.js";
import type { RunPlan } from "./plan-run.js";

/** Steps done, and the arrays as they are then. */
export interface RunState extends TrainedArrays {
  readonly step: number;
}

/** Where a checkpoint keeps the weights of the last step if its own weights are their average. */
export const LAST_WEIGHTS = "lastWeights";

/** Where a run's files are. */
export interface RunFiles {
  readonly out: string;
  readonly checkpoint: string;
  readonly log: string;
}

/** @throws UserError `train/exists`, `train/resume`, `checkpoint/corrupt`, `supernet/weights` */
export async function beginRun(
  plan: RunPlan,
  files: RunFiles,
  { resume = false, ranks }: { readonly resume?: boolean; readonly ranks: Ranks },
): Promise<RunState> {
  // Only rank 0 touches the files; it sends the others what it found.
  const state = await agree(
    ranks,
    async () => (ranks.rank === 0 ? await resumed(plan, files, resume) : undefined) ?? firstState(plan),
  );
  const step = Float64Array.of(state.step);
  for (const array of [step, ...arraysIn(state)]) ranks.broadcast(array);
  return { ...state, step: step[0]! };
}

/** Before the first step. */
export async function firstState({ task, weights }: RunPlan): Promise<RunState> {
  const { layout, recipe } = task;
  const first = await weights(layout);
  const average = recipe.averaging > 0 ? first.slice() : undefined;
  return { step: 0, weights: first, average, optimizer: startState(recipe, layout.length) };
}

async function resumed(
  plan: RunPlan,
  { out, checkpoint, log }: RunFiles,
  resume: boolean,
): Promise<RunState | undefined> {
  const found = await findRun(checkpoint, plan, { out, resume });
  if (!found) {
    await rm(log, { force: true }).catch((error: unknown) => {
      throw writeError(out, error);
    });
    return undefined;
  }
  const { layout, recipe } = plan.task;
  const { step } = found.position;
  const stored = await storedWeights(found.weights, checkpoint)(layout);
  const start = startState(recipe, layout.length);
  const isAveraged = recipe.averaging > 0;
  const arrays = arraysOf(await found.optimizer(), isAveraged ? [...start.keys(), LAST_WEIGHTS] : [...start.keys()], {
    length: layout.length,
    at: checkpoint,
  });
  const optimizer = new Map([...start.keys()].map((name) => [name, arrays.get(name)!]));
  await cutLog(log, step);
  if (!isAveraged) return { step, weights: stored, average: undefined, optimizer };
  return { step, weights: arrays.get(LAST_WEIGHTS)!, average: stored, optimizer };
}

/** Checks that the state of training has these names, each with as many values as the weights. */
function arraysOf(
  tensors: Tensors,
  names: readonly string[],
  { length, at }: { readonly length: number; readonly at: string },
): Map<string, Float32Array> {
  return new Map(
    names.map((name) => {
      const found = tensors.get(name)?.data;
      if (found?.length === length) return [name, found];
      throw new UserError("checkpoint/corrupt", {
        at: `${at}: ${name} of the optimizer`,
        got: found ? `${found.length} values` : "missing",
        want: `${length} values`,
        fix: "Use another checkpoint or train again.",
      });
    }),
  );
}
