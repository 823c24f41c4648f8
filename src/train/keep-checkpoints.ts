/** Writes a run's checkpoints: at its start, every few lines of the log, at its end; never weights of a run that has collapsed. */
import { saveCheckpoint } from "../checkpoint/checkpoint.js";
import { viewsOf } from "../supernet/initialize.js";
import { LAST_WEIGHTS, type RunState } from "./begin-run.js";
import type { CollapseGuard } from "./collapse.js";
import type { RunPlan } from "./plan-run.js";
import type { Intervals } from "./schedule.js";

export interface CheckpointKeeper {
  /** Before the first step. */
  atStart(): Promise<void>;
  /** After a step: writes a checkpoint if one is due. @param done steps done @throws UserError `train/collapse` */
  after(done: number): Promise<void>;
}

/** For ranks that don't write. */
export const noKeeper: CheckpointKeeper = { atStart: () => Promise.resolve(), after: () => Promise.resolve() };

export function checkpointKeeper(
  folder: string,
  plan: RunPlan,
  state: RunState,
  { intervals, guard }: { readonly intervals: Intervals; readonly guard: CollapseGuard },
): CheckpointKeeper {
  const { totalSteps } = plan.length;
  const save = (step: number): Promise<void> => saveCheckpoint(folder, checkpointOf(plan, state, step));
  return {
    atStart: async () => {
      if (state.step === 0) await save(0);
    },
    async after(step) {
      if (step % intervals.checkpoint !== 0 && step !== totalSteps) return;
      if (guard.isSound(state.weights)) await save(step);
      else if (step === totalSteps) guard.stop(step);
    },
  };
}

/** The arrays as a checkpoint stores them: each weight by name, the optimiser's state flat. */
function checkpointOf({ task, description, position }: RunPlan, state: RunState, step: number) {
  const { layout } = task;
  const { weights, average, optimizer } = state;
  const views = viewsOf(layout, average ?? weights);
  const arrays = average ? new Map([...optimizer, [LAST_WEIGHTS, weights]]) : optimizer;
  return {
    description,
    weights: new Map([...layout.slots].map(([name, { shape }]) => [name, { shape, data: views.get(name)! }])),
    training: {
      position: { ...position, step },
      optimizer: new Map([...arrays].map(([name, data]) => [name, { shape: [data.length], data }])),
    },
  };
}
