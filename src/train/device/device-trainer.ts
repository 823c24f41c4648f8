/**
 * Trains on a device: weights, gradients and the optimiser's state live there (src/engine/resident.ts), and a thread of its own drives it.
 * With several ranks a step carries one gradient each way.
 */
import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";
import { prepareEngine } from "../../engine/choose.js";
import type { EngineName } from "../../engine/engine.js";
import { arraysIn, type TrainedArrays } from "../../engine/resident.js";
import type { Ranks } from "../../ranks/ranks.js";
import { summation } from "../../ranks/sum.js";
import type { SearchSpace } from "../../space/space.js";
import { ask, startWorker } from "../../base/worker.js";
import { gatherResults, type GroupResult } from "../gather-results.js";
import { imagesOfRank } from "../pool.js";
import type { Task } from "../task.js";
import type { StepOrder, Trainer } from "../trainer.js";

/** What the thread is started with: plain data and shared memory. */
export interface DeviceStart {
  readonly engine: EngineName;
  readonly space: SearchSpace;
  readonly task: Omit<Task, "supernet" | "layout">;
  readonly start: TrainedArrays;
  /** The first norm group of this rank. */
  readonly firstGroup: number;
  /** The step's images that are in groups of this rank. */
  readonly indices: Uint32Array;
  /** [indices, height, width, channels]; empty where the device holds the images. */
  readonly pixels: Uint8Array;
  readonly isHeld: boolean;
  /** By which several ranks exchange their gradients; empty for one. */
  readonly gradient: Float32Array;
}

/**
 * A step is `run`, with several ranks `gradient` (into shared memory) and `sum` (from there), and then `update`. Where the device holds the
 * images, `hold` comes once, before the first step.
 */
export type DeviceOrder =
  | { readonly kind: "hold"; readonly pixels: Uint8Array }
  | ({ readonly kind: "run" } & StepOrder)
  | { readonly kind: "gradient" }
  | { readonly kind: "sum" }
  | { readonly kind: "update"; readonly step: number; readonly rate: number }
  | { readonly kind: "arrays" };

/** What the thread answers to each kind of order. */
export interface DeviceAnswers {
  readonly hold: undefined;
  readonly run: undefined;
  readonly gradient: undefined;
  readonly sum: undefined;
  readonly update: { readonly groups: readonly GroupResult[]; readonly gradientNorm: number };
  readonly arrays: TrainedArrays;
}

/** Bytes that are copied at a stretch: a few milliseconds. */
const PIECE = 8 << 20;

/** A copy in a memory of its own, made in pieces between which the event loop is free. */
async function copied(bytes: Uint8Array): Promise<Uint8Array> {
  const copy = new Uint8Array(bytes.length);
  for (let from = 0; from < bytes.length; from += PIECE) {
    copy.set(bytes.subarray(from, from + PIECE), from);
    await setImmediate();
  }
  return copy;
}

/**
 * @param start handed over
 * @param means the training images, where the device is to hold them
 */
export function deviceTrainer(
  engine: EngineName,
  task: Task,
  start: TrainedArrays,
  {
    threads,
    ranks,
    heldSet,
  }: { readonly threads: number; readonly ranks: Ranks; readonly heldSet?: Uint8Array | undefined },
): Trainer {
  prepareEngine(engine, threads, task.precision);
  const { supernet, layout, ...plain } = task;
  const { from, to } = imagesOfRank(task, ranks);
  const { height, width, channels } = task.images;
  const workerData: DeviceStart = {
    ...{ engine, space: supernet.space, task: plain, start },
    firstGroup: from / task.group,
    indices: new Uint32Array(new SharedArrayBuffer(4 * (to - from))),
    pixels: new Uint8Array(new SharedArrayBuffer(heldSet ? 0 : (to - from) * height * width * channels)),
    isHeld: heldSet !== undefined,
    gradient: new Float32Array(new SharedArrayBuffer(ranks.size > 1 ? 4 * layout.length : 0)),
  };
  const script = createRequire(import.meta.url).resolve("#device-worker");
  const worker = startWorker(script, workerData, arraysIn(start));
  const order = <Kind extends DeviceOrder["kind"]>(
    given: DeviceOrder & { kind: Kind },
    handedOver: readonly Uint8Array[] = [],
  ): Promise<DeviceAnswers[Kind]> => ask(worker, given, handedOver);
  /** A rank has one gradient, however many groups it has. */
  const sum = summation(ranks, ranks.size, layout.length);
  let waiting = heldSet;
  return {
    async step({ step, epoch, indices, pixels }, rate) {
      if (waiting) {
        const set = await copied(waiting);
        waiting = undefined;
        await order({ kind: "hold", pixels: set }, [set]);
      }
      workerData.indices.set(indices);
      workerData.pixels.set(pixels);
      await order({ kind: "run", step, epoch });
      if (ranks.size > 1) {
        await order({ kind: "gradient" });
        workerData.gradient.set(sum([workerData.gradient]));
        await order({ kind: "sum" });
      }
      const { groups, gradientNorm } = await order({ kind: "update", step, rate });
      return { groups: gatherResults(ranks, task, step, groups), gradientNorm };
    },
    arrays: () => order({ kind: "arrays" }),
    async close() {
      await worker.terminate();
    },
  };
}
