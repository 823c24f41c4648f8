// `npm run bench -- train`: images/s of the biggest child and of whole BigNAS steps, on each engine present and on PyTorch, the
// rounds of all contenders interleaved in random order. See README.md beside it.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { appendResult } from "../results.mjs";
import { startNestling, startTorch } from "./contenders.mjs";
import { importFrom, netNames } from "./net.mjs";
import { printProfile } from "./profile.mjs";
import { printTable, summarize } from "./summary.mjs";

const [{ locate }, { installedPlugin }, { hasDevice, parseEngine }] = await Promise.all(
  ["engine/tensorflow/locate.js", "engine/pjrt/installed.js", "engine/choose.js"].map((file) => importFrom(".", file)),
);
const isInstalled = (engine) =>
  engine === "pjrt"
    ? // The one for CPUs is for tests, and has to be asked for.
      ["tpu", "cuda13", "cuda12"].some((platform) => existsSync(installedPlugin(platform)))
    : locate(engine).length > 0;

const MEASURES = ["forward", "biggest", "sliced", "masked"];

const options = {
  net: { type: "string", multiple: true },
  rounds: { type: "string", default: "10" },
  /** Other Node binaries to run the wasm engine on. */
  node: { type: "string", multiple: true, default: [] },
  /** Built checkouts to compare with: an A/B test of kernels. */
  against: { type: "string", multiple: true, default: [] },
  measure: { type: "string", multiple: true, default: MEASURES },
  threads: { type: "string", multiple: true, default: ["2", "1"] },
  /** Engines to measure that are not looked for: webgpu, pjrt:PATH, pjrt with a plugin for CPUs. With --profile: the one to look into, wasm or node. */
  engine: { type: "string", multiple: true, default: [] },
  /** Where PyTorch computes: cpu, cuda; or none. */
  torch: { type: "string", default: "cpu" },
  /** float32, tf32 or bf16: of PyTorch, and of the engines with a device. */
  precision: { type: "string", default: "float32" },
  /** Leaves out wasm and node, which take minutes for what suits a GPU. */
  "no-cpu": { type: "boolean" },
  "no-record": { type: "boolean" },
  profile: { type: "boolean" },
};

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  for (const net of values.net ?? netNames) {
    if (values.profile) await printProfile(net, values.engine[0] ?? "wasm");
    else await measureNet(net, values);
  }
}

/** The contenders that can be had here. Each nestling on the default Node runs twice: what differs between the two is noise. */
const wanted = (net, { node, against, engine, torch, precision, "no-cpu": noCpu }) => [
  ...(noCpu ? [] : ["wasm", "wasm again"]).map((name) => () => startNestling(net, { name })),
  ...node.map((binary) => () => startNestling(net, { name: `wasm ${versionOf(binary)}`, node: binary })),
  ...against.map((checkout) => () => startNestling(net, { name: `wasm ${checkout}`, checkout })),
  ...enginesOf(engine, noCpu).map(
    (engine) => () =>
      startNestling(net, { name: engine.split(":")[0], engine, ...(hasDevice(engine) && { precision }) }),
  ),
  ...(torch === "none" ? [] : [() => startTorch(net, torch, precision)]),
];

/** Those that are here, and those that are asked for. */
function enginesOf(asked, noCpu) {
  const isAsked = (engine) => asked.some((name) => name.split(":")[0] === engine);
  const here = ["node", "node-gpu", "pjrt"].filter((engine) => isInstalled(engine) && !isAsked(engine));
  return [...here.filter((engine) => hasDevice(engine) || !noCpu), ...asked.map(parseEngine)];
}

/** On pjrt a child of its own shape would be compiled each time, and a process has one client, which has its own threads. */
const isAskable = ({ name }, measure) => name !== "pjrt" || measure === "masked";
const threadsOf = ({ name }, threads) => (name === "pjrt" ? threads.slice(0, 1) : threads);

const versionOf = (binary) => execFileSync(binary, ["--version"], { encoding: "utf8" }).trim();

async function measureNet(net, values) {
  const contenders = [];
  for (const begin of wanted(net, values)) {
    contenders.push(await begin());
  }
  for (const { name, description } of contenders) console.log(`${name}: ${description}`);
  await checkSameLosses(contenders, values.precision);

  const requests = contenders.flatMap((contender) =>
    values.measure
      .filter((measure) => isAskable(contender, measure))
      .flatMap((measure) =>
        threadsOf(contender, values.threads).map((threads) => ({
          contender,
          measure,
          threads: Number(threads),
          ms: [],
        })),
      ),
  );
  const rounds = Number(values.rounds);
  for (let round = -1; round < rounds; round++) {
    for (const { contender, measure, threads, ms } of shuffled(requests)) {
      const answer = await contender.ask({ measure, threads, round: Math.max(0, round) });
      if (round >= 0) ms.push(answer.ms);
    }
    process.stderr.write(`\r${net}: round ${round + 1} of ${rounds} `);
  }
  process.stderr.write("\n");
  for (const contender of contenders) contender.close();

  const memory = await peakMemory(net, values);
  const result = summarize(net, requests, memory);
  printTable(result);
  if (!values["no-record"]) {
    const versions = Object.fromEntries(contenders.map(({ name, description }) => [name, description]));
    appendResult({ bench: "train", net, rounds, versions, ...result });
  }
}

/** By how much losses may differ: products of rounded factors. */
const roundingOf = { float32: 1e-3, tf32: 1e-2, bf16: 1e-1 };

/** All contenders must compute the same thing: equal weights and images give equal losses of every child. */
async function checkSameLosses(contenders, precision) {
  const losses = [];
  for (const { name, ask } of contenders) {
    const measure = name === "torch" ? "check" : isAskable({ name }, "sliced") ? "sliced" : "masked";
    losses.push({ name, losses: (await ask({ measure, threads: 2, round: 0 })).losses });
  }
  const [first, ...others] = losses;
  for (const { name, losses: own } of others) {
    const difference = Math.max(...own.map((loss, i) => Math.abs(loss - first.losses[i])));
    if (!(difference < roundingOf[precision]))
      throw new Error(`${name} computes ${own}, ${first.name} ${first.losses}`);
  }
  console.log(`first losses agree: ${first.losses.map((loss) => loss.toFixed(4)).join(", ")}`);
}

/** Peak resident bytes of a process that runs two steps and nothing else. */
async function peakMemory(net, values) {
  const peaks = {};
  for (const measure of values.measure.filter((name) => name === "sliced" || name === "masked")) {
    for (const begin of wanted(net, values)) {
      const contender = await begin();
      if (!isAskable(contender, measure)) {
        contender.close();
        continue;
      }
      let peakBytes = 0;
      for (const round of [0, 1]) ({ peakBytes } = await contender.ask({ measure, threads: 2, round }));
      contender.close();
      peaks[`${contender.name} ${measure}`] = peakBytes;
    }
  }
  return peaks;
}

function shuffled(items) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
