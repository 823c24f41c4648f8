/**
 * The thread that drives a device, so that operators which are started one by one never keep Node's event loop: the supernet lives on
 * the device from here.
 */
import { parentPort, workerData } from "node:worker_threads";
import { createEngine } from "../../engine/choose.js";
import type { TrainedArrays } from "../../engine/resident.js";
import { layoutOf } from "../../graph/layout.js";
import { buildSupernet } from "../../supernet/supernet.js";
import { answerOrders } from "../../base/worker.js";
import type { DeviceAnswers, DeviceOrder, DeviceStart } from "./device-trainer.js";
import { deviceSteps, residentOf } from "./device-step.js";

const { engine, space, task: plain, start, firstGroup, indices, pixels, gradient, isHeld } = workerData as DeviceStart;
const supernet = buildSupernet(space);
const task = { ...plain, supernet, layout: layoutOf(supernet.graph) };
const resident = residentOf(await createEngine(engine, task.precision), task);
resident.load(start);
const steps = deviceSteps(resident, task, isHeld);

const answers: {
  [Kind in DeviceOrder["kind"]]: (order: DeviceOrder & { kind: Kind }) => Promise<DeviceAnswers[Kind]>;
} = {
  hold(order) {
    resident.holdPictures(order.pixels);
    return Promise.resolve(undefined);
  },
  run({ step, epoch }) {
    steps.run({ step, epoch, indices, pixels }, firstGroup);
    return Promise.resolve(undefined);
  },
  async gradient() {
    gradient.set(await resident.gradient());
    return undefined;
  },
  sum() {
    // A copy: not every library takes shared memory.
    resident.replaceGradient(gradient.slice());
    return Promise.resolve(undefined);
  },
  update: ({ step, rate }) => steps.update(step, rate),
  arrays: async () => inSharedMemory(await resident.arrays()),
};

/** The main thread reads them there: copies for it would keep its event loop. */
function inSharedMemory({ weights, average, optimizer }: TrainedArrays): TrainedArrays {
  const shared = (values: Float32Array): Float32Array => {
    const into = new Float32Array(new SharedArrayBuffer(values.byteLength));
    into.set(values);
    return into;
  };
  return {
    weights: shared(weights),
    average: average && shared(average),
    optimizer: new Map(Array.from(optimizer, ([name, state]) => [name, shared(state)])),
  };
}

const answerTo = <Kind extends DeviceOrder["kind"]>(
  order: DeviceOrder & { kind: Kind },
): Promise<DeviceAnswers[Kind]> => answers[order.kind](order);

answerOrders(parentPort!, (order) => answerTo(order as DeviceOrder));
