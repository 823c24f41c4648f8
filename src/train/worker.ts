/** A training worker's thread: takes its rank's norm groups of a step, one after the other, until none is left. */
import { parentPort, workerData } from "node:worker_threads";
import { createEngine } from "../engine/choose.js";
import { layoutOf } from "../supernet/initialize.js";
import { buildSupernet } from "../supernet/supernet.js";
import type { StepOrder, WorkerAnswer, WorkerStart } from "./pool.js";
import { sandwichRunner } from "./sandwich.js";

const { engine, space, task, weights, firstGroup, gradients, indices, next } = workerData as WorkerStart;
const supernet = buildSupernet(space);
const runner = sandwichRunner(await createEngine(engine), { ...task, supernet, layout: layoutOf(supernet.graph) });

async function runStep({ step, epoch }: StepOrder): Promise<WorkerAnswer> {
  const results = [];
  for (;;) {
    const taken = Atomics.add(next, 0, 1);
    if (taken >= gradients.length) return { kind: "done", results };
    const group = firstGroup + taken;
    const gradient = gradients[taken]!.fill(0);
    const own = indices.slice(group * task.group, (group + 1) * task.group);
    results.push({ group, children: await runner.run(weights, gradient, { step, epoch, index: group, indices: own }) });
  }
}

const failed = ({ message, stack = "" }: Error): WorkerAnswer => ({ kind: "failed", message, stack });

parentPort!.on("message", (order: StepOrder) => {
  void runStep(order)
    .catch(failed)
    .then((answer) => parentPort!.postMessage(answer));
});
