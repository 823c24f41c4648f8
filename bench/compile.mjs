/**
 * Compile time of one child, slice → fold → emit → bytes on disk (statistics given), against torch.onnx.export of the same net with
 * the same weights, and the latency of the files. Everything of one net runs in the same rounds, in turn; ours runs twice in
 * each, and the ratio of its two medians is the noise (A/A).
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { slicedChild } from "../dist/compile/children.js";
import { emit } from "../dist/compile/emit.js";
import { pack } from "../dist/compile/numbers.js";
import { lower } from "../dist/compile/lower.js";
import { measure } from "../dist/compile/measure.js";
import { floatSteps } from "../dist/compile/passes.js";
import { recalibration } from "../dist/compile/recalibration.js";
import { runPasses } from "../dist/compile/run-passes.js";
import { random } from "../dist/base/random.js";
import { toChannelsFirst } from "../dist/data/make-batch.js";
import { openLatencyBench } from "../dist/evaluate/latency.js";
import { parametersOf } from "../dist/graph/graph.js";
import { withSession } from "../dist/runtime/session.js";
import { loadSpace } from "../dist/supernet/spaces.js";
import { biggest, smallest } from "../dist/space/space.js";
import { layoutOf, viewsOf } from "../dist/graph/layout.js";
import { initialize } from "../dist/supernet/initialize.js";
import { buildSupernet } from "../dist/supernet/supernet.js";
import { localTarget } from "../dist/target/local.js";
import { startPython } from "./python.mjs";
import { appendResult, median } from "./results.mjs";

const nets = [
  ["fashion biggest", "fashion", biggest],
  ["ofa-mbv3 smallest", "ofa-mbv3", smallest],
  ["attentivenas smallest", "attentivenas", smallest],
];
const ROUNDS = 9;
/** torch's newer exporter takes seconds: fewer rounds of it tell enough. */
const DYNAMO_ROUNDS = 3;
const TOLERANCE = 1e-4;

export async function bench() {
  const folder = mkdtempSync(join(tmpdir(), "nestling-bench-"));
  const torch = startPython("compile_torch.py");
  try {
    for (const [name, space, choose] of nets) {
      const subject = await prepare(await loadSpace(space), choose);
      const version = await checkSameNet(subject, torch, folder);
      const times = await timeCompilation(subject, torch, folder);
      const latency = await timeFiles(subject, folder);
      const figures = { name, fileBytes: statSync(join(folder, "ours.onnx")).size, ...times, ...latency };
      print(figures);
      appendResult({ bench: "compile", versions: { torch: version }, ...figures });
    }
  } finally {
    torch.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A supernet with random weights, an architecture of it, and its statistics from random images. */
async function prepare(space, choose) {
  const supernet = buildSupernet(space);
  const layout = layoutOf(supernet.graph);
  const weights = viewsOf(layout, initialize(layout, 0, 1));
  const architecture = choose(space);
  const { resolution } = architecture;
  const { channels } = space;
  const draw = random(0, "bench-images");
  const count = 8;
  const images = Float32Array.from({ length: count * resolution ** 2 * channels }, () => draw.normal());
  const lowered = lower.run(slicedChild(supernet, weights, architecture)).child;
  const statistics = await measure(recalibration, lowered, { images, count, resolution, channels });
  // Two images: torch.export takes a batch of one for a constant.
  const dims = [2, channels, resolution, resolution];
  const input = toChannelsFirst(images.subarray(0, 2 * resolution ** 2 * channels), 2, channels);
  const compile = async () => {
    const { child } = await runPasses(slicedChild(supernet, weights, architecture), floatSteps, () => statistics);
    return emit(child, { resolution, output: "logits" });
  };
  return { plain: recalibration.absorb(lowered, statistics).child, compile, input, dims };
}

/** Builds the net in PyTorch and holds its logits against those of our file. @returns torch's version */
async function checkSameNet({ plain, compile, input, dims }, torch, folder) {
  const [graph, weights, images] = ["graph.json", "weights.f32", "input.f32"].map((name) => join(folder, name));
  const { parameters, numbers } = serialise(plain);
  const named = (record) => Object.fromEntries(Object.entries(record).map(([key, { name }]) => [key, name]));
  const nodes = plain.graph.nodes.map((node) => ({ ...node, in: named(node.in), out: node.out.y.name }));
  const { input: entry, outputs } = plain.graph;
  writeFileSync(graph, JSON.stringify({ nodes, parameters, input: entry.name, output: outputs[0].name }));
  writeFileSync(weights, numbers);
  writeFileSync(images, input);
  const { logits, torch: version } = await torch.ask({ graph, weights, input: images, dims });
  const ours = await logitsOf(await compile(), input, dims);
  holdSame("PyTorch", logits, ours);
  for (const dynamo of [false, true]) {
    const path = join(folder, `dynamo-${dynamo}.onnx`);
    await torch.ask({ export: path, dynamo }); // the first call also warms the exporter up
    holdSame(`dynamo=${dynamo}`, await logitsOf(readFileSync(path), input, dims), ours);
  }
  return version;
}

function serialise({ graph, weights }) {
  let offset = 0;
  const parameters = parametersOf(graph).map(({ name, shape }) => {
    const entry = { name, shape, offset };
    offset += shape.reduce((product, size) => product * size, 1);
    return entry;
  });
  const numbers = new Float32Array(offset);
  for (const { name, offset: at } of parameters) numbers.set(pack(weights.get(name)), at);
  return { parameters, numbers };
}

const logitsOf = (bytes, input, dims) =>
  withSession(bytes, {}, async (session) => (await session.run(input, dims)).get("logits"));

function holdSame(who, theirs, ours) {
  const scale = 1 + Math.max(...ours.map(Math.abs));
  const difference = Math.max(...ours.map((x, i) => Math.abs(x - theirs[i]))) / scale;
  if (!(difference <= TOLERANCE)) throw new Error(`${who} computes another function: logits differ by ${difference}`);
}

/** Medians in ms, ratios, and the noise. */
async function timeCompilation({ compile }, torch, folder) {
  const path = join(folder, "ours.onnx");
  const once = async () => {
    const start = performance.now();
    writeFileSync(path, await compile());
    return performance.now() - start;
  };
  for (let i = 0; i < 5; i++) await once();
  const times = { first: [], second: [], jit: [], dynamo: [] };
  const ask = async (dynamo) => (await torch.ask({ export: join(folder, `dynamo-${dynamo}.onnx`), dynamo })).ms;
  for (let round = 0; round < ROUNDS; round++) {
    times.first.push(await once());
    times.jit.push(await ask(false));
    times.second.push(await once());
    if (round < DYNAMO_ROUNDS) times.dynamo.push(await ask(true));
  }
  const oursMs = median([...times.first, ...times.second]);
  const [jitMs, dynamoMs] = [median(times.jit), median(times.dynamo)];
  return {
    oursMs,
    jitMs,
    dynamoMs,
    fasterThanJit: jitMs / oursMs,
    fasterThanDynamo: dynamoMs / oursMs,
    noise: Math.abs(median(times.first) / median(times.second) - 1),
    spreadMs: Object.fromEntries(
      Object.entries(times).map(([key, all]) => [key, [Math.min(...all), Math.max(...all)]]),
    ),
  };
}

/** Latency of the three files by the protocol of docs/latency-protocol.md; ours twice. */
async function timeFiles({ dims }, folder) {
  const file = (name) => ({ name, bytes: readFileSync(join(folder, `${name}.onnx`)), dims: [1, ...dims.slice(1)] });
  const ours = file("ours");
  const latency = await openLatencyBench(localTarget());
  const [first, jit, dynamo, second] = await latency.measure([ours, file("dynamo-false"), file("dynamo-true"), ours]);
  const oursMs = (first.undisturbedMs + second.undisturbedMs) / 2;
  return {
    latencyMs: { ours: oursMs, jit: jit.undisturbedMs, dynamo: dynamo.undisturbedMs },
    latencyToJit: oursMs / jit.undisturbedMs,
    latencyToDynamo: oursMs / dynamo.undisturbedMs,
    latencyNoise: Math.abs(first.undisturbedMs / second.undisturbedMs - 1),
  };
}

function print(figures) {
  const ms = (x) => `${x.toFixed(x < 10 ? 2 : 0)} ms`;
  const percent = (x) => `${(100 * x).toFixed(1)} %`;
  const { latencyMs } = figures;
  console.log(`${figures.name}, ${(figures.fileBytes / 1e6).toFixed(1)} MB`);
  console.log(
    `  compile  ours ${ms(figures.oursMs)}; dynamo=False ${ms(figures.jitMs)} = ${figures.fasterThanJit.toFixed(1)}x; ` +
      `dynamo=True ${ms(figures.dynamoMs)} = ${figures.fasterThanDynamo.toFixed(0)}x; A/A ${percent(figures.noise)}`,
  );
  console.log(
    `  latency  ours ${latencyMs.ours.toFixed(3)} ms; to dynamo=False's ${percent(figures.latencyToJit)}, ` +
      `to dynamo=True's ${percent(figures.latencyToDynamo)}; A/A ${percent(figures.latencyNoise)}`,
  );
}
