/** The trainer of a run: on the engine's device if it has one and children run masked, or else on worker threads. */
import { hasDevice } from "../engine/choose.js";
import type { TrainedArrays } from "../engine/resident.js";
import type { Ranks } from "../ranks/ranks.js";
import { deviceTrainer } from "./device/device-trainer.js";
import type { RunPlan } from "./plan-run.js";
import type { Trainer } from "./trainer.js";
import { workerTrainer } from "./worker-trainer.js";

/** @param start not to be used afterwards: it is handed over to the thread that drives the device, or changed in place */
export const trainerOf = (
  { engine, task, heldSet }: RunPlan,
  start: TrainedArrays,
  means: { readonly threads: number; readonly ranks: Ranks },
): Trainer =>
  task.execution === "masked" && hasDevice(engine)
    ? deviceTrainer(engine, task, start, { ...means, heldSet })
    : workerTrainer(engine, task, start, means);
