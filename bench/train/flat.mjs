// Whether a step on a supernet that lives on a device leaves anything behind: a tiny space trains with images that the device holds, and what
// lives there is counted after each step. Engine node: TensorFlow.js's tensors and bytes, and libtensorflow's own tensors; engine pjrt: buffers.
// Both: the process's resident memory, after a collection.
//   node --expose-gc bench/train/flat.mjs ENGINE [STEPS]      (1000)
import { importFrom } from "./net.mjs";

/** Steps that bring up what stays, such as matrices of resolutions, and let V8 and the allocators settle. */
const WARM_UP = 100;
const MARKS = 4;
const [engine, given = "1000"] = process.argv.slice(2);
const steps = Number(given);
if (!["node", "pjrt"].includes(engine) || !(steps > WARM_UP) || !globalThis.gc) {
  throw new Error("node --expose-gc bench/train/flat.mjs node|pjrt [STEPS], more than 100");
}

const [
  { prepareEngine, createEngine },
  { loadSpace },
  { loadDataset },
  { recipeSchema },
  { planRun },
  { stepsFrom },
  { firstState },
  { deviceSteps, residentOf },
  { alone },
] = await Promise.all(
  [
    "engine/choose.js",
    "supernet/spaces.js",
    "data/load.js",
    "train/recipe.js",
    "train/plan-run.js",
    "train/steps-from.js",
    "train/begin-run.js",
    "train/device/device-step.js",
    "ranks/ranks.js",
  ].map((file) => importFrom(".", file)),
);

/** The engine, and what lives on its device. */
async function onNode() {
  const [{ loadTensorflow }, { nodeBackendOf }] = await Promise.all(
    ["engine/tensorflow/locate.js", "engine/tensorflow/libtensorflow.js"].map((file) => importFrom(".", file)),
  );
  prepareEngine("node", 1);
  const made = await createEngine("node");
  const tf = loadTensorflow("node");
  const living = () => {
    const { numTensors: tensors, numBytes: bytes } = tf.memory();
    return { tensors, bytes, native: nodeBackendOf(tf).binding.getNumOfTensors() };
  };
  return { made, living };
}

async function onPjrt() {
  const [{ createClient }, { residentSupernet }, { installedPlugin }] = await Promise.all(
    ["engine/pjrt/client/client.js", "engine/pjrt/resident/resident.js", "engine/pjrt/installed.js"].map((file) =>
      importFrom(".", file),
    ),
  );
  const client = createClient(installedPlugin("cpu"));
  const lowering = { backend: "cpu", precision: "float32" };
  const made = { name: "pjrt", resident: (options) => residentSupernet(client, lowering, options) };
  return { made, living: () => ({ buffers: client.liveBuffers }) };
}

const { made, living } = await (engine === "node" ? onNode() : onPjrt());
const source = "fixtures/fashion-mnist";
const space = await loadSpace("fixtures/spaces/tiny.json");
const data = await loadDataset(source, { size: space.resolutions.at(-1), channels: space.channels });
const recipe = recipeSchema.parse({
  ...{ name: "flat", batch: 16, normGroup: 8, dropout: 0.2, averaging: 0.9 },
  augmentation: { crop: 1, flip: true, randomErasing: {}, mixup: {} },
});
const options = { space, data, source, recipe, steps, seed: 7 };
const plan = { ...(await planRun(options)), heldSet: data.train.pixels };
const resident = residentOf(made, plan.task);
resident.load(await firstState(plan));
resident.holdPictures(plan.heldSet);
const trained = deviceSteps(resident, plan.task, true);

const residentMegabytes = () => {
  globalThis.gc();
  return Math.round(process.memoryUsage().rss / 1e6);
};
const seen = new Set();
const megabytes = {};
for await (const batch of stepsFrom(0, plan, alone)) {
  trained.run(batch);
  await trained.update(batch.step, 0.001);
  const done = batch.step + 1;
  if (done >= WARM_UP) seen.add(JSON.stringify(living()));
  if (done === WARM_UP || (done > WARM_UP && done % (steps / MARKS) === 0)) megabytes[done] = residentMegabytes();
}
console.log(JSON.stringify({ engine, steps, livingFromStep100: [...seen].map((each) => JSON.parse(each)), megabytes }));
process.exit(0);
