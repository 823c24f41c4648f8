/** A training worker's thread: takes its rank's norm groups of a step, one after the other, until none is left. */
import { parentPort, workerData } from "node:worker_threads";
import { createEngine } from "../engine/choose.js";
import { layoutOf } from "../graph/layout.js";
import { buildSupernet } from "../supernet/supernet.js";
import { answerOrders } from "../base/worker.js";
import type { WorkerAnswer, WorkerStart } from "./pool.js";
import { groupAt, sandwichRunner } from "./sandwich.js";
import type { StepOrder } from "./trainer.js";

const { engine, space, task, weights, firstGroup, gradients, indices, pixels, next } = workerData as WorkerStart;
const supernet = buildSupernet(space);
const runner = sandwichRunner(await createEngine(engine, task.precision), {
  ...task,
  supernet,
  layout: layoutOf(supernet.graph),
});

async function runStep({ step, epoch }: StepOrder): Promise<WorkerAnswer> {
  const results = [];
  for (;;) {
    const taken = Atomics.add(next, 0, 1);
    if (taken >= gradients.length) return { results };
    const gradient = gradients[taken]!.fill(0);
    const stepGroup = groupAt({ step, epoch, indices, pixels }, taken, task, firstGroup);
    results.push({ group: stepGroup.index, children: await runner.run(weights, gradient, stepGroup) });
  }
}

answerOrders(parentPort!, (order) => runStep(order as StepOrder));
