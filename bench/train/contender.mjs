// A long-lived contender: nestling's own training code on one engine, asked for one measurement a line on stdin.
//   node contender.mjs ROOT NET ENGINE [PRECISION]
import { createInterface } from "node:readline";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { importFrom, importLayout, makeTask, STEPS } from "./net.mjs";

const RATE = 0.01;

/** A thread that runs the biggest child forward on a group. */
async function forwardThread({ root, net, engine, precision }) {
  const task = await makeTask(root, net, { execution: "sliced", precision });
  const { supernet, layout, images, normalization, group, seed, recipe } = task;
  const { viewsOf } = await importLayout(root);
  const [{ createEngine }, { initialize }, { slice }, { biggest }, { makeBatch }] = await Promise.all(
    ["engine/choose.js", "supernet/initialize.js", "supernet/slice.js", "space/space.js", "data/make-batch.js"].map(
      (file) => importFrom(root, file),
    ),
  );
  const graph = slice(supernet.graph, supernet.settingOf(biggest(supernet.space)));
  const program = (await createEngine(engine, precision)).compile(graph, { batch: group, resolution: images.height });
  const weights = viewsOf(layout, initialize(layout, seed, recipe.lastGamma === "one" ? 1 : 0));
  const batch = makeBatch(
    images,
    Array.from({ length: group }, (_, i) => i),
    images.height,
    normalization,
  );
  parentPort.on("message", (groups) => {
    void (async () => {
      for (let i = 0; i < groups; i++) await program.forward(weights, batch);
      parentPort.postMessage("done");
    })();
  });
}

const answered = (worker) =>
  new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });

async function forwardMeasure({ root, net, engine, precision }, threads) {
  const { prepareEngine } = await importFrom(root, "engine/choose.js");
  const { workers } = prepareEngine(engine, threads, precision);
  const crew = Array.from(
    { length: workers },
    () => new Worker(import.meta.filename, { workerData: { root, net, engine, precision } }),
  );
  return async () => {
    await Promise.all(
      crew.map((worker) => {
        const done = answered(worker);
        worker.postMessage(2 / workers);
        return done;
      }),
    );
  };
}

/** Whole steps as `train` runs them, update included. */
async function stepMeasure({ root, net, engine, precision }, execution, biggestOnly, threads) {
  const task = await makeTask(root, net, { execution, biggestOnly, precision });
  const [{ groupPool }, { initialize }, { startState, update }] = await Promise.all(
    ["train/pool.js", "supernet/initialize.js", "train/optimizer.js"].map((file) => importFrom(root, file)),
  );
  const pool = groupPool(engine, task, threads);
  const weights = initialize(task.layout, task.seed, 1);
  const state = startState(task.recipe, weights.length);
  const indices = Uint32Array.from({ length: task.batch }, (_, i) => i);
  return async (round) => {
    pool.weights.set(weights);
    const step = { step: round % STEPS, epoch: 0, indices, pixels: task.images.pixels };
    // An older nestling takes the indices by themselves.
    const { gradient, groups } = await pool.run(step, indices);
    update(task.recipe, state, weights, gradient, RATE);
    return groups[0].map((_, i) => groups.reduce((sum, children) => sum + children[i].loss, 0) / task.batch);
  };
}

/** Masked steps as `train` runs them on an engine with a device, where the supernet lives. */
async function deviceMeasure({ root, net, engine, precision }, threads) {
  const task = await makeTask(root, net, { execution: "masked", precision });
  const [{ deviceTrainer }, { initialize }, { startState }, { alone }] = await Promise.all(
    ["train/device/device-trainer.js", "supernet/initialize.js", "train/optimizer.js", "ranks/ranks.js"].map((file) =>
      importFrom(root, file),
    ),
  );
  const weights = initialize(task.layout, task.seed, 1);
  const start = { weights, average: undefined, optimizer: startState(task.recipe, weights.length) };
  const trainer = deviceTrainer(engine, task, start, { threads, ranks: alone });
  const indices = Uint32Array.from({ length: task.batch }, (_, i) => i);
  return async (round) => {
    const step = { step: round % STEPS, epoch: 0, indices, pixels: task.images.pixels };
    const { groups } = await trainer.step(step, RATE);
    return groups[0].map((_, i) => groups.reduce((sum, children) => sum + children[i].loss, 0) / task.batch);
  };
}

/** An older nestling has no trainer on a device. */
const livesOnDevice = async ({ root, engine }) => (await importFrom(root, "engine/choose.js")).hasDevice?.(engine);

const makers = {
  forward: (options, threads) => forwardMeasure(options, threads),
  biggest: (options, threads) => stepMeasure(options, "sliced", true, threads),
  sliced: (options, threads) => stepMeasure(options, "sliced", false, threads),
  masked: async (options, threads) =>
    (await livesOnDevice(options)) ? deviceMeasure(options, threads) : stepMeasure(options, "masked", false, threads),
};

if (isMainThread) {
  const [root, net, engine, precision] = process.argv.slice(2);
  const options = { root, net, engine, precision };
  const { createEngine, prepareEngine } = await importFrom(root, "engine/choose.js");
  // Before the library is loaded, which reads its threads from the environment once.
  prepareEngine(engine, 2, precision);
  console.log(
    JSON.stringify({ ready: `${(await createEngine(engine, precision)).description}, Node ${process.versions.node}` }),
  );
  const measures = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    const { measure, threads, round } = JSON.parse(line);
    const key = `${measure} ${threads}`;
    if (!measures.has(key)) measures.set(key, await makers[measure](options, threads));
    const run = measures.get(key);
    const started = performance.now();
    const losses = await run(round);
    const ms = performance.now() - started;
    console.log(JSON.stringify({ ms, losses, peakBytes: process.resourceUsage().maxRSS * 1024 }));
  }
  process.exit(0);
} else await forwardThread(workerData);
