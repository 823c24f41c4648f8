// A masked step of engine node, on worker threads and on a supernet that lives on the device, with images that go up and images that are
// there: what crosses to TensorFlow, counted at the backend; kernels started; and how many kernels of different shapes eight steps use, masked and sliced.
//   node bench/train/bytes.mjs fashion R bignas
import { importFrom, makeTask, STEPS } from "./net.mjs";

const root = ".";
const [
  { prepareEngine, createEngine },
  { loadTensorflow },
  { countTransfers },
  { initialize },
  { groupAt, sandwichRunner },
  { deviceSteps, residentOf },
  { startState },
  { biggest },
] = await Promise.all(
  [
    "engine/choose.js",
    "engine/tensorflow/locate.js",
    "engine/tensorflow/transfers.js",
    "supernet/initialize.js",
    "train/sandwich.js",
    "train/device/device-step.js",
    "train/optimizer.js",
    "space/space.js",
  ].map((file) => importFrom(root, file)),
);
prepareEngine("node", 1);
const engine = await createEngine("node");
const tf = loadTensorflow("node");
const counted = countTransfers(tf);
const started = countKernels(tf.engine());

/** Counts the kernels that TensorFlow.js starts, and those that differ in name, attributes or shapes. */
function countKernels(tfEngine) {
  const counts = { kernels: 0, kinds: new Set() };
  const { runKernel } = tfEngine;
  tfEngine.runKernel = (name, inputs, attributes) => {
    counts.kernels++;
    const shapes = Object.values(inputs).flatMap((input) => [input].flat().map((tensor) => tensor?.shape?.join("×")));
    counts.kinds.add(JSON.stringify([name, shapes, attributes]));
    return runKernel.call(tfEngine, name, inputs, attributes);
  };
  return counts;
}

/** A step's images. */
const stepOf = ({ batch, images }, step) => ({
  ...{ step, epoch: 0, pixels: images.pixels },
  indices: Uint32Array.from({ length: batch }, (_, i) => i),
});

/** What a step carries and starts, after one that brought up what stays. */
async function measured(runStep) {
  await runStep(STEPS);
  const before = { ...counted, kernels: started.kernels };
  await runStep(STEPS + 1);
  return { up: counted.up - before.up, down: counted.down - before.down, kernels: started.kernels - before.kernels };
}

/** How many different kernels the first steps start, step by step. */
async function kindsOver(runStep) {
  started.kinds.clear();
  const kinds = [];
  for (let step = 0; step < STEPS; step++) {
    await runStep(step);
    kinds.push(started.kinds.size);
  }
  return kinds;
}

async function onWorkers(net, execution) {
  const task = await makeTask(root, net, { execution });
  const weights = initialize(task.layout, task.seed, 1);
  const gradient = new Float32Array(task.layout.length);
  const runner = sandwichRunner(engine, task);
  return {
    dispose: () => runner.dispose(),
    async runStep(step) {
      for (let place = 0; place < task.batch / task.group; place++) {
        await runner.run(weights, gradient, groupAt(stepOf(task, step), place, task));
      }
    },
  };
}

/** @param isHeld whether the device holds the images */
async function onDevice(net, isHeld) {
  const task = await makeTask(root, net, { execution: "masked" });
  const { layout, seed, recipe } = task;
  const resident = residentOf(engine, task);
  const optimizer = startState(recipe, layout.length);
  resident.load({ weights: initialize(layout, seed, 1), average: undefined, optimizer });
  if (isHeld) resident.holdPictures(task.images.pixels);
  const steps = deviceSteps(resident, task, isHeld);
  return {
    task,
    dispose: () => resident.dispose(),
    async runStep(step) {
      steps.run({ ...stepOf(task, step), ...(isHeld && { pixels: new Uint8Array(0) }) });
      await steps.update(step, 0.01);
    },
  };
}

for (const net of process.argv.slice(2)) {
  const [workers, sliced, device, held] = [
    await onWorkers(net, "masked"),
    await onWorkers(net, "sliced"),
    await onDevice(net, false),
    await onDevice(net, true),
  ];
  const { supernet, layout, batch, group, images } = device.task;
  const { axes, kernels, gates } = supernet.settingOf(biggest(supernet.space));
  const line = {
    ...{ net, batch, groups: batch / group, weights: layout.length, nodes: supernet.graph.nodes.length },
    numbersOfSetting: axes.size + kernels.size + gates.size,
    imageBytes: images.pixels.length,
    workers: await measured(workers.runStep),
    device: await measured(device.runStep),
    held: await measured(held.runStep),
    kindsMasked: await kindsOver(device.runStep),
    kindsSliced: await kindsOver(sliced.runStep),
  };
  console.log(JSON.stringify(line));
  for (const { dispose } of [workers, sliced, device, held]) dispose();
}
process.exit(0);
