/** How many steps a time allows. It is measured once, before the first step, and then fixed: the run stays as repeatable as any other. */
import type { Ranks } from "../ranks/ranks.js";
import { firstState } from "./begin-run.js";
import type { RunPlan } from "./plan-run.js";
import { stepsFrom } from "./steps-from.js";
import type { Task } from "./task.js";
import { trainerOf } from "./choose-trainer.js";

/** Steps that plan the programs of the biggest and the smallest child and let V8 compile. */
const WARM_UP_STEPS = 2;
/** Random children cost differently, so one step says too little. */
const TIMED_STEPS = 10;
/** Share of the time that measuring may take, once one step was timed. */
const MEASURING_SHARE = 0.05;

/** Steps at this rate cost what they always cost and change no weight. */
const NO_RATE = 0;

/**
 * Runs the first steps of a plan without changing a weight, and divides the time by what they take. Where only a part of the run rounds
 * (the recipe's `quantization`), both kinds of step are timed.
 * @returns at least 1, the same on every rank
 */
export async function stepsIn(minutes: number, plan: RunPlan, threads: number, ranks: Ranks): Promise<number> {
  const budgetMs = minutes * 60_000;
  const started = performance.now();
  let msPerStep = 0;
  let spentMs = 0;
  for (const { share, task } of kindsOfStep(plan.task)) {
    const timed = await timeSteps({ ...plan, task }, { budgetMs, started, threads, ranks });
    msPerStep += share * timed.msPerStep;
    ({ spentMs } = timed);
  }
  return Math.max(1, Math.round((budgetMs - spentMs) / msPerStep));
}

/** The task as it is in a share of the steps. */
function kindsOfStep(task: Task): { readonly share: number; readonly task: Task }[] {
  const { quantization } = task.recipe;
  const plain = { share: quantization?.from ?? 1, task: { ...task, rounded: undefined } };
  const kinds = quantization
    ? [plain, { share: 1 - quantization.from, task: { ...task, rounded: { from: 0, bits: quantization.bits } } }]
    : [plain];
  return kinds.filter(({ share }) => share > 0);
}

interface Timing {
  readonly budgetMs: number;
  /** When measuring began. */
  readonly started: number;
  readonly threads: number;
  readonly ranks: Ranks;
}

/** @returns the time of a step, and of all measuring so far; the same on every rank */
async function timeSteps(
  plan: RunPlan,
  { budgetMs, started, threads, ranks }: Timing,
): Promise<{ readonly msPerStep: number; readonly spentMs: number }> {
  const { length } = plan;
  const trainer = trainerOf(plan, await firstState(plan), { threads, ranks });
  const began = performance.now();
  try {
    let timedSince = began;
    const short = { ...plan, length: { ...length, totalSteps: WARM_UP_STEPS + TIMED_STEPS } };
    for await (const batch of stepsFrom(0, short, ranks)) {
      const { step } = batch;
      await trainer.step(batch, NO_RATE);
      if (step < WARM_UP_STEPS) {
        timedSince = performance.now();
        continue;
      }
      const now = performance.now();
      // Rank 0's clock decides, so that all ranks stop after the same step.
      const elapsed = Float64Array.of(now - timedSince, now - began, now - started);
      ranks.broadcast(elapsed);
      const [timedMs, spentMs, allMs] = [elapsed[0]!, elapsed[1]!, elapsed[2]!];
      const timed = step + 1 - WARM_UP_STEPS;
      if (timed < TIMED_STEPS && spentMs < MEASURING_SHARE * budgetMs) continue;
      return { msPerStep: timedMs / timed, spentMs: allMs };
    }
    throw new Error("internal: no step was timed");
  } finally {
    await trainer.close();
  }
}
