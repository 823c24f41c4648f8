/** Writes a run's checkpoints: at its start, every few lines of the log, at its end; never weights of a run that has collapsed. */
import { saveCheckpoint } from "../checkpoint/checkpoint.js";
import type { TrainedArrays } from "../engine/resident.js";
import { viewsOf } from "../graph/layout.js";
import { namedArrays } from "../supernet/weights.js";
import { LAST_WEIGHTS } from "./begin-run.js";
import type { CollapseGuard } from "./collapse.js";
import type { RunPlan } from "./plan-run.js";
import type { Intervals } from "./schedule.js";
import type { Trainer } from "./trainer.js";

export interface CheckpointKeeper {
  /** Before the first step of this call. @param done steps done */
  atStart(done: number): Promise<void>;
  /** After a step: writes a checkpoint if one is due. @param done steps done @throws UserError `train/collapse` */
  after(done: number): Promise<void>;
}

/** For ranks that don't write. */
export const noKeeper: CheckpointKeeper = { atStart: () => Promise.resolve(), after: () => Promise.resolve() };

export function checkpointKeeper(
  folder: string,
  plan: RunPlan,
  trainer: Trainer,
  { intervals, guard }: { readonly intervals: Intervals; readonly guard: CollapseGuard },
): CheckpointKeeper {
  const { totalSteps } = plan.length;
  const save = (arrays: TrainedArrays, step: number): Promise<void> =>
    saveCheckpoint(folder, checkpointOf(plan, arrays, step));
  return {
    async atStart(step) {
      if (step === 0) await save(await trainer.arrays(), step);
    },
    async after(step) {
      if (step % intervals.checkpoint !== 0 && step !== totalSteps) return;
      const arrays = await trainer.arrays();
      if (await guard.isSound(arrays.weights)) await save(arrays, step);
      else if (step === totalSteps) guard.stop(step);
    },
  };
}

/** The arrays as a checkpoint stores them: each weight by name, the optimiser's state flat. */
function checkpointOf(
  { task, description, position }: RunPlan,
  { weights, average, optimizer }: TrainedArrays,
  step: number,
) {
  const { layout } = task;
  const arrays = average ? new Map([...optimizer, [LAST_WEIGHTS, weights]]) : optimizer;
  return {
    description,
    weights: namedArrays(layout, viewsOf(layout, average ?? weights)),
    training: {
      position: { ...position, step },
      optimizer: new Map([...arrays].map(([name, data]) => [name, { shape: [data.length], data }])),
    },
  };
}
