// Where the time of forward + backward of the biggest child goes, by kernel and by call, on one thread of engine wasm or node.
import { resolve } from "node:path";
import { importFrom, importLayout, makeTask } from "./net.mjs";

const root = resolve(import.meta.dirname, "../..");
const ROUNDS = 20;

/** Multiply-adds and bytes moved by kernels with known arguments. */
const work = {
  matmul: ([M, N, K]) => ({ macs: M * N * K, floats: M * (N + K) }),
  matmulTransposedA: ([M, N, K]) => ({ macs: M * N * K, floats: M * (N + K) }),
  conv: ([B, size, C, k, , out, N]) => ({
    macs: B * out * out * k * k * C * N,
    floats: B * (size * size * C + out * out * N),
  }),
  depthwise: ([B, size, C, k, , out]) => ({
    macs: B * out * out * k * k * C,
    floats: B * C * (size * size + out * out),
  }),
  statistics: ([M, C]) => ({ macs: 0, floats: M * C }),
  normalize: ([M, C, , , , , residual]) => ({ macs: 0, floats: M * C * (residual ? 3 : 2) }),
  normGradientSums: ([M, C, code]) => ({ macs: 0, floats: M * C * (code ? 3 : 2) }),
  normGradient: ([M, C]) => ({ macs: 0, floats: 3 * M * C }),
};
work.convFilterGradient = work.convInputGradient = work.conv;
work.depthwiseInputGradient = work.depthwiseFilterGradient = work.depthwise;

/** Engines whose kernels can be watched: `record(name, arguments, kernel)` runs one. */
const watched = {
  async wasm(record) {
    const { createWasmEngine } = await importFrom(root, "engine/wasm/wasm-engine.js");
    const timed = (kernels) =>
      Object.fromEntries(
        Object.entries(kernels).map(([name, kernel]) => [name, (...args) => record(name, args, () => kernel(...args))]),
      );
    return createWasmEngine(undefined, timed);
  },
  async node(record) {
    const [{ prepareEngine, createEngine }, { loadTensorflow }] = await Promise.all(
      ["engine/choose.js", "engine/tensorflow/locate.js"].map((file) => importFrom(root, file)),
    );
    prepareEngine("node", 1);
    const engine = await createEngine("node");
    const backend = loadTensorflow("node").backend();
    for (const method of ["executeSingleOutput", "executeMultipleOutputs"]) {
      const execute = backend[method].bind(backend);
      backend[method] = (name, attributes, inputs, ...rest) => {
        const shapes = inputs.map(({ shape }) => shape.join("×")).filter(Boolean);
        return record(name, shapes, () => execute(name, attributes, inputs, ...rest));
      };
    }
    return engine;
  },
};

export async function printProfile(net, engineName) {
  const task = await makeTask(root, net, { execution: "sliced" });
  const { supernet, layout, images, normalization, group, seed } = task;
  const { viewsOf } = await importLayout(root);
  const [{ initialize }, { slice }, { biggest }, { makeBatch }] = await Promise.all(
    ["supernet/initialize.js", "supernet/slice.js", "space/space.js", "data/make-batch.js"].map((file) =>
      importFrom(root, file),
    ),
  );
  const calls = [];
  const engine = await watched[engineName]((name, args, kernel) => {
    const started = performance.now();
    const result = kernel();
    calls.push({ name, args, ms: performance.now() - started });
    return result;
  });
  const graph = slice(supernet.graph, supernet.settingOf(biggest(supernet.space)));
  const program = engine.compile(graph, { batch: group, resolution: images.height });
  const weights = viewsOf(layout, initialize(layout, seed, 1));
  const indices = Array.from({ length: group }, (_, i) => i);
  const batch = makeBatch(images, indices, images.height, normalization);
  /** By position in the step: the best of the rounds. */
  let best = [];
  let wall = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    calls.length = 0;
    const started = performance.now();
    const logits = await program.forward(weights, batch);
    await program.backward(logits);
    wall = Math.min(wall, performance.now() - started);
    best = calls.map((call, i) => ({ ...call, ms: Math.min(call.ms, best[i]?.ms ?? Infinity) }));
  }
  const kernelMs = best.reduce((sum, { ms }) => sum + ms, 0);
  console.log(
    `${net}: forward + backward of the biggest child, ${group} images, ${engine.description}, one thread, Node ${process.versions.node}`,
  );
  console.log(`${wall.toFixed(1)} ms, of it kernels ${kernelMs.toFixed(1)}`);
  const byName = Map.groupBy ? Map.groupBy(best, ({ name }) => name) : groupBy(best);
  const line = (label, group) => {
    const sum = (pick) => group.reduce((total, call) => total + pick(call), 0);
    const ms = sum((call) => call.ms);
    const known = work[group[0].name];
    const rate = known
      ? `${((2 * sum(({ args }) => known(args).macs)) / ms / 1e6).toFixed(1).padStart(6)} GFLOP/s` +
        `${((4 * sum(({ args }) => known(args).floats)) / ms / 1e6).toFixed(1).padStart(7)} GB/s`
      : "";
    console.log(
      `${ms.toFixed(2).padStart(8)} ms ${((100 * ms) / kernelMs).toFixed(1).padStart(5)} %  ${rate.padEnd(28)} ${label}`,
    );
  };
  const sorted = [...byName].sort(([, a], [, b]) => b.reduce((s, c) => s + c.ms, 0) - a.reduce((s, c) => s + c.ms, 0));
  for (const [name, group] of sorted) line(name, group);
  console.log("by call:");
  for (const call of [...best].sort((a, b) => b.ms - a.ms).slice(0, 30)) {
    line(`${call.name} ${call.args.filter((value) => typeof value === "string" || value < 65536).join(" ")}`, [call]);
  }
}

function groupBy(calls) {
  const groups = new Map();
  for (const call of calls) groups.set(call.name, [...(groups.get(call.name) ?? []), call]);
  return groups;
}
