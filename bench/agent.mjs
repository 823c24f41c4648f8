/**
 * Does an agent add to the time that it measures? The same file in sessions of `nestling bench`, in turn on this machine and through an agent
 * on loopback, each session in a process of its own; each target has a profile that begins empty. Says what 95 % of pairs of sessions differ
 * by: both local, both through the agent, one of each; and the ratio of the medians. `ofAnchor` is the figure divided by the anchor's in the
 * same session: a machine that changes its speed changes both.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { random } from "../dist/index.js";
import { encodeModel } from "../dist/onnx/encode.js";
import { attributeProtos, valueInfo } from "../dist/onnx/protos.js";
import { differences } from "./latency/pairs.mjs";
import { appendResult, median } from "./results.mjs";

const main = join(import.meta.dirname, "../dist/cli/main.js");
const options = { sessions: { type: "string", default: "20" }, seconds: { type: "string", default: "25" } };

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  const [sessions, seconds] = [values.sessions, values.seconds].map(Number);
  const folder = mkdtempSync(join(tmpdir(), "nestling-agent-"));
  writeFileSync(join(folder, "child.onnx"), child());
  writeFileSync(join(folder, "token"), "a-token-for-this-bench-alone");
  const agent = spawn(process.execPath, [main, "agent", "--port", "0", "--token-file", join(folder, "token")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [greeting] = await once(agent.stdout, "data");
    const url = /http:\S+/.exec(String(greeting))[0];
    const target = { kind: "agent", url, tokenFile: join(folder, "token") };
    writeFileSync(join(folder, "nestling.targets.json"), JSON.stringify({ targets: { agent: target } }));
    const found = { local: [], agent: [] };
    for (let session = 0; session < sessions; session++) {
      for (const name of session % 2 === 0 ? ["local", "agent"] : ["agent", "local"]) {
        found[name].push(await measure(folder, name, seconds));
      }
      const [here, there] = [found.local.at(-1), found.agent.at(-1)];
      console.error(
        `${session + 1}/${sessions}: local ${here.undisturbedMs.toFixed(4)} ± ${(100 * here.repeatability).toFixed(1)} % in ${here.rounds} rounds, ` +
          `agent ${there.undisturbedMs.toFixed(4)} ± ${(100 * there.repeatability).toFixed(1)} % in ${there.rounds}`,
      );
    }
    report(found, { sessions, seconds });
  } finally {
    agent.kill();
  }
}

function report({ local, agent }, lengths) {
  const figures = (of, key) => of.map((session) => session[key]);
  const rows = ["ofAnchor", "undisturbedMs", "asMeasuredMs", "p50Ms"].map((key) => {
    const [here, there] = [figures(local, key), figures(agent, key)];
    const mixed = here.flatMap((a) => there.map((b) => Math.max(a, b) / Math.min(a, b) - 1)).sort((a, b) => a - b);
    return {
      figure: key,
      ratio: median(there) / median(here),
      bothLocal: differences(here),
      bothAgent: differences(there),
      oneOfEach: mixed[Math.ceil(0.95 * mixed.length) - 1],
    };
  });
  const within = local.flatMap((a) => agent.map((b) => isWithin(a, b)));
  const share = within.filter(Boolean).length / within.length;
  console.table(rows);
  console.log(`${(100 * share).toFixed(0)} % of mixed pairs lie within the larger of the two stated repeatabilities`);
  appendResult({ bench: "agent", ...lengths, rows, withinStated: share, raw: { local, agent } });
}

const isWithin = (a, b) => {
  const [low, high] = [a.undisturbedMs, b.undisturbedMs].sort((x, y) => x - y);
  return high - low <= Math.max(a.repeatability, b.repeatability) * high;
};

async function measure(folder, target, seconds) {
  const args = [main, "bench", "child.onnx", "--target", target, "--seconds", `${seconds}`, "--json"];
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, "cache") };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
  const { results } = JSON.parse(stdout);
  const [{ undisturbedMs, scale, repeatability, p50Ms, rounds, anchorMs }] = results;
  const asMeasuredMs = undisturbedMs / scale;
  return { ofAnchor: asMeasuredMs / anchorMs, undisturbedMs, asMeasuredMs, repeatability, p50Ms, rounds };
}

/** Seven layers, as small as children get: what an agent adds would show. */
function child() {
  const draw = random(0, "bench-agent");
  const [node, tensors] = [[], []];
  const call = (opType, input, output, attributes = {}) => {
    node.push({ opType, name: output, input, output: [output], attribute: attributeProtos(attributes) });
    return output;
  };
  const weight = (name, dims) => {
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => 0.1 * draw.normal());
    tensors.push({ name, dims, forEachBlock: (use) => use(data) });
    return name;
  };
  const conv = (x, name, [outputs, inputs, kernel], stride = 1, group = 1) => {
    const pads = Array(4).fill((kernel - 1) / 2);
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads, group };
    return call(
      "Relu",
      [call("Conv", [x, weight(`${name}.w`, [outputs, inputs, kernel, kernel])], name, attributes)],
      `${name}.relu`,
    );
  };
  let x = conv("pixel_values", "a", [24, 3, 3], 2);
  x = conv(x, "b", [24, 1, 5], 1, 24);
  x = conv(x, "c", [48, 24, 1]);
  call("Flatten", [call("GlobalAveragePool", [x], "pool")], "logits");
  const model = {
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "child",
      node,
      input: [valueInfo("pixel_values", ["batch_size", 3, 64, 64])],
      output: [valueInfo("logits", ["batch_size", 48])],
    },
  };
  return encodeModel(model, tensors);
}
