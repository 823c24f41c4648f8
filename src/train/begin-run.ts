/**
 * Where a run starts: at its last checkpoint, or at step 0. Random streams are keyed by the step, so step, weights and
 * optimiser state are the whole state of a run.
 */
import { rm } from "node:fs/promises";
import { writeError } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import type { Tensors } from "../checkpoint/safetensors.js";
import { agree } from "../ranks/agree.js";
import type { Ranks } from "../ranks/ranks.js";
import { storedWeights } from "../supernet/weights.js";
import { findRun } from "./find-run.js";
import { cutLog } from "./log.js";
import { startState, type OptimizerState } from "./optimizer.js";
import type { RunPlan } from "./plan-run.js";

/** Steps done, and the arrays that every step of training changes in place. */
export interface RunState {
  readonly step: number;
  readonly weights: Float32Array;
  readonly optimizer: OptimizerState;
}

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
  for (const array of [step, state.weights, ...state.optimizer.values()]) ranks.broadcast(array);
  return { ...state, step: step[0]! };
}

async function firstState({ task, weights }: RunPlan): Promise<RunState> {
  const { layout, recipe } = task;
  return { step: 0, weights: await weights(layout), optimizer: startState(recipe, layout.length) };
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
  const weights = await storedWeights(found.weights, checkpoint)(layout);
  const optimizer = optimizerOf(await found.optimizer(), startState(recipe, layout.length), checkpoint);
  await cutLog(log, step);
  return { step, weights, optimizer };
}

/** Checks that optimiser state has the names and lengths that the recipe's optimiser starts with. */
function optimizerOf(tensors: Tensors, start: OptimizerState, at: string): OptimizerState {
  for (const [name, { length }] of start) {
    const got = tensors.get(name)?.data.length;
    if (got === length) continue;
    throw new UserError("checkpoint/corrupt", {
      at: `${at}: ${name} of the optimizer`,
      got: got === undefined ? "missing" : `${got} values`,
      want: `${length} values`,
      fix: "Use another checkpoint or train again.",
    });
  }
  return new Map([...start.keys()].map((name) => [name, tensors.get(name)!.data]));
}
