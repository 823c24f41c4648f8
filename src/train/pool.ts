/**
 * Runs this rank's norm groups on worker threads. Weights, gradients and images are in shared memory. Each group writes
 * its own gradient, and one fixed binary tree sums those of all ranks: any number of workers and ranks gives the same
 * bits.
 */
import { createRequire } from "node:module";
import { prepareEngine } from "../engine/choose.js";
import type { EngineName } from "../engine/engine.js";
import { alone, type Ranks } from "../ranks/ranks.js";
import { summation } from "../ranks/sum.js";
import { shareOf } from "../ranks/tree.js";
import type { SearchSpace } from "../space/space.js";
import { ask, startWorker } from "../base/worker.js";
import { gatherResults, type GroupResult } from "./gather-results.js";
import type { ChildResult } from "./sandwich.js";
import type { Task } from "./task.js";
import type { Step } from "./trainer.js";

/** What a worker is started with: plain data and shared memory. */
export interface WorkerStart {
  readonly engine: EngineName;
  readonly space: SearchSpace;
  readonly task: Omit<Task, "supernet" | "layout">;
  readonly weights: Float32Array;
  /** The first norm group of this rank. */
  readonly firstGroup: number;
  /** One gradient per group of this rank. */
  readonly gradients: readonly Float32Array[];
  /** The step's images that are in groups of this rank. */
  readonly indices: Uint32Array;
  /** [indices, height, width, channels] */
  readonly pixels: Uint8Array;
  /** Index of the next of `gradients` that no worker has taken. */
  readonly next: Int32Array;
}

/** What a worker answers to the order of a step. */
export interface WorkerAnswer {
  readonly results: readonly GroupResult[];
}

export interface GroupPool {
  /** Shared memory: write the step's weights here. */
  readonly weights: Float32Array;
  /** Runs a step's groups; the gradient is valid until the next call. */
  run(step: Step): Promise<{ gradient: Float32Array; groups: ChildResult[][] }>;
  close(): Promise<void>;
}

/** The images of a step's batch that a rank trains on. */
export function imagesOfRank({ batch, group }: Task, ranks: Ranks): { from: number; to: number } {
  const { first, end } = shareOf(batch / group, ranks.size, ranks.rank);
  return { from: first * group, to: end * group };
}

const shared = (floats: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * floats));

export function groupPool(engine: EngineName, task: Task, threads: number, ranks: Ranks = alone): GroupPool {
  const { workers } = prepareEngine(engine, threads, task.precision);
  const groups = task.batch / task.group;
  const { first, end } = shareOf(groups, ranks.size, ranks.rank);
  const { supernet, layout, ...plain } = task;
  const { height, width, channels } = task.images;
  const images = (end - first) * task.group;
  const start: WorkerStart = {
    engine,
    space: supernet.space,
    task: plain,
    weights: shared(layout.length),
    firstGroup: first,
    gradients: Array.from({ length: end - first }, () => shared(layout.length)),
    indices: new Uint32Array(new SharedArrayBuffer(4 * images)),
    pixels: new Uint8Array(new SharedArrayBuffer(images * height * width * channels)),
    next: new Int32Array(new SharedArrayBuffer(4)),
  };
  const sum = summation(ranks, groups, layout.length);
  const script = createRequire(import.meta.url).resolve("#train-worker");
  const crew = Array.from({ length: Math.min(workers, end - first) }, () => startWorker(script, start));

  return {
    weights: start.weights,
    async run({ step, epoch, indices, pixels }) {
      start.indices.set(indices);
      start.pixels.set(pixels);
      Atomics.store(start.next, 0, 0);
      const answers = await Promise.all(crew.map((worker) => ask<WorkerAnswer>(worker, { step, epoch })));
      const results = answers.flatMap((answer) => answer.results);
      return { gradient: sum(start.gradients), groups: gatherResults(ranks, task, step, results) };
    },
    async close() {
      await Promise.all(crew.map((worker) => worker.terminate()));
    },
  };
}
