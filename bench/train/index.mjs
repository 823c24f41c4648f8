// `npm run bench -- train`: images/s of the biggest child and of whole BigNAS steps, on each engine present and on PyTorch, the
// rounds of all contenders interleaved in random order. See README.md beside it.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { appendResult } from "../results.mjs";
import { startNestling, startTorch } from "./contenders.mjs";
import { importFrom, netNames } from "./net.mjs";
import { printProfile } from "./profile.mjs";
import { printTable, summarize } from "./summary.mjs";

const { locate } = await importFrom(".", "engine/tensorflow/locate.js");
const isInstalled = (engine) => locate(engine).length > 0;

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
  /** Engines to measure that are not looked for: webgpu. With --profile: the one to look into, wasm or node. */
  engine: { type: "string", multiple: true, default: [] },
  /** Where PyTorch computes: cpu, cuda; or none. */
  torch: { type: "string", default: "cpu" },
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
const wanted = (net, { node, against, engine, torch }) => [
  () => startNestling(net, { name: "wasm" }),
  () => startNestling(net, { name: "wasm again" }),
  ...node.map((binary) => () => startNestling(net, { name: `wasm ${versionOf(binary)}`, node: binary })),
  ...against.map((checkout) => () => startNestling(net, { name: `wasm ${checkout}`, checkout })),
  ...["node", "node-gpu"].filter(isInstalled).map((engine) => () => startNestling(net, { name: engine, engine })),
  ...engine.map((name) => () => startNestling(net, { name, engine: name })),
  ...(torch === "none" ? [] : [() => startTorch(net, torch)]),
];

const versionOf = (binary) => execFileSync(binary, ["--version"], { encoding: "utf8" }).trim();

async function measureNet(net, values) {
  const contenders = [];
  for (const begin of wanted(net, values)) {
    contenders.push(await begin());
  }
  for (const { name, description } of contenders) console.log(`${name}: ${description}`);
  await checkSameLosses(contenders);

  const requests = contenders.flatMap((contender) =>
    values.measure.flatMap((measure) =>
      values.threads.map((threads) => ({ contender, measure, threads: Number(threads), ms: [] })),
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

/** All contenders must compute the same thing: equal weights and images give equal losses of every child. */
async function checkSameLosses(contenders) {
  const losses = [];
  for (const { name, ask } of contenders) {
    const measure = name === "torch" ? "check" : "sliced";
    losses.push({ name, losses: (await ask({ measure, threads: 2, round: 0 })).losses });
  }
  const [first, ...others] = losses;
  for (const { name, losses: own } of others) {
    const difference = Math.max(...own.map((loss, i) => Math.abs(loss - first.losses[i])));
    if (!(difference < 1e-3)) throw new Error(`${name} computes ${own}, ${first.name} ${first.losses}`);
  }
  console.log(`first losses agree: ${first.losses.map((loss) => loss.toFixed(4)).join(", ")}`);
}

/** Peak resident bytes of a process that runs two steps and nothing else. */
async function peakMemory(net, values) {
  const peaks = {};
  for (const measure of values.measure.filter((name) => name === "sliced" || name === "masked")) {
    for (const begin of wanted(net, values)) {
      const contender = await begin();
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
