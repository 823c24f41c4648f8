// What crosses between this process and TensorFlow in a masked step of engine node, counted at the backend.
//   node bench/train/bytes.mjs fashion R bignas
import { importFrom, makeTask, STEPS } from "./net.mjs";

const root = ".";
const [{ prepareEngine, createEngine }, { loadTensorflow }, { countTransfers }, { initialize }, { sandwichRunner }] =
  await Promise.all(
    [
      "engine/choose.js",
      "engine/tensorflow/locate.js",
      "engine/tensorflow/transfers.js",
      "supernet/initialize.js",
      "train/sandwich.js",
    ].map((file) => importFrom(root, file)),
  );
prepareEngine("node", 1);
const engine = await createEngine("node");
const counted = countTransfers(loadTensorflow("node"));

/** Runs a step's norm groups as the workers do, one after the other. */
async function bytesOfStep(net) {
  const task = await makeTask(root, net, { execution: "masked" });
  const { layout, group, batch, images, seed } = task;
  const weights = initialize(layout, seed, 1);
  const gradient = new Float32Array(layout.length);
  const runner = sandwichRunner(engine, task);
  const each = images.pixels.length / batch;
  const before = { ...counted };
  for (let index = 0; index < batch / group; index++) {
    const [from, to] = [index * group, (index + 1) * group];
    const indices = Uint32Array.from({ length: group }, (_, i) => from + i);
    const pixels = images.pixels.subarray(from * each, to * each);
    await runner.run(weights, gradient, { step: STEPS, epoch: 0, index, indices, pixels });
  }
  runner.dispose();
  const megabytes = (bytes) => Number((bytes / 1e6).toPrecision(3));
  const [up, down] = ["up", "down"].map((way) => megabytes(counted[way] - before[way]));
  return { net, batch, groups: batch / group, weights: layout.length, imagesMB: megabytes(4 * batch * each), up, down };
}

for (const net of process.argv.slice(2)) console.log(JSON.stringify(await bytesOfStep(net)));
