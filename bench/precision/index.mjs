/**
 * `npm run bench -- precision --run RUN`: what int8 and float16 cost and bring. The children that a search chose, the biggest, the smallest and
 * random ones: accuracy on all test images in each precision, beside onnxruntime's own `quantize_static` (its best calibration method by these very
 * test images) on the same float files with the same images; sizes, nodes in whole numbers, and latencies of one session.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { biggest, idOf, openRun, random, sample, smallest } from "../../dist/index.js";
import { table } from "../../dist/base/format.js";
import { layoutNames } from "../../dist/compile/layouts.js";
import { int8For } from "../../dist/compile/precisions.js";
import { int8ForTarget } from "../../dist/deploy/choose-layout.js";
import { countOf } from "../../dist/deploy/quantized-nodes.js";
import { withLatencyBench } from "../../dist/evaluate/latency.js";
import { architectureIn } from "../../dist/search/subject.js";
import { architectureOf } from "../../dist/space/space.js";
import { environmentHere } from "../../dist/target/environment.js";
import { localTarget } from "../../dist/target/local.js";
import { startPython } from "../python.mjs";
import { appendResult } from "../results.mjs";
import { judgeOf } from "./judge.mjs";

const options = {
  run: { type: "string", default: "runs/quickstart" },
  /** Random children, beside the chosen ones. */
  children: { type: "string", default: "20" },
  /** The layout of the int8 files; this machine's own by default. */
  "int8-for": { type: "string" },
  "recalibration-images": { type: "string", default: "500" },
  /** Length of the latency session. */
  seconds: { type: "string", default: "25" },
  "no-record": { type: "boolean" },
};

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  const run = await openRun(values.run);
  const here = environmentHere();
  const layout = values["int8-for"];
  if (layout !== undefined && !layoutNames.includes(layout))
    throw new Error(`--int8-for is one of ${layoutNames.join(", ")}`);
  const precision = layout === undefined ? int8ForTarget("local", here).precision : int8For(layout);
  const recalibrationImages = Number(values["recalibration-images"]);
  const folder = mkdtempSync(join(tmpdir(), "nestling-precision-"));
  const tool = startPython("precision/quantize_static.py", "precision");
  try {
    const { onnxruntime: toolVersion } = await tool.ask({});
    const judge = judgeOf(run, { precision, recalibrationImages, tool, folder });
    const judged = [];
    for (const { name, architecture, isChosen } of subjectsOf(run, values.run, Number(values.children))) {
      judged.push({ isChosen, ...(await judge(name, architecture)) });
      console.error(`${name}: ${accuracies(judged.at(-1).figures)}`);
    }
    const latencies = await timed(
      judged.filter(({ isChosen }) => isChosen),
      Number(values.seconds),
    );
    const children = judged.map(({ isChosen, figures }) => ({
      isChosen,
      ...figures,
      ...(latencies.get(figures.name) ?? {}),
    }));
    const summary = summaryOf(children);
    print(children, summary, { precision, here });
    if (values["no-record"]) return;
    const versions = { quantizeStatic: `onnxruntime ${toolVersion}` };
    const what = { space: run.supernet.space.name, weights: run.weightsHash, precision, recalibrationImages };
    appendResult({ bench: "precision", versions, ...what, cpuFlags: here.cpuFlags, summary, children });
  } finally {
    tool.stop();
    rmSync(folder, { recursive: true });
  }
}

/** The biggest, the smallest, what the run's search chose, and random ones; each architecture once. */
function subjectsOf(run, folder, count) {
  const { space } = run.supernet;
  const file = join(folder, "search.json");
  const chosen = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).chosen : [];
  const found = new Map();
  const add = (architecture, isChosen) => {
    const id = idOf(space, architecture);
    if (!found.has(id)) found.set(id, { name: id, architecture, isChosen });
  };
  for (const architecture of [biggest(space), smallest(space)]) add(architecture, true);
  for (const { id } of chosen) add(architectureOf(space, architectureIn(id)), true);
  const most = found.size + count;
  for (let i = 0; found.size < most && i < 50 * count; i++) add(sample(space, random(i, "bench-precision")), false);
  return [...found.values()];
}

/** Undisturbed latency of each file of these children, all in one session, by child. */
async function timed(children, seconds) {
  const models = children.flatMap(({ figures: { name }, files, dims }) =>
    Object.entries(files).map(([form, bytes]) => ({ name: `${name} ${form}`, bytes, dims })),
  );
  const found = await withLatencyBench(localTarget(), { seconds }, (open) => open.measure(models));
  const msOf = new Map(found.map(({ name, undisturbedMs }) => [name, undisturbedMs]));
  return new Map(
    children.map(({ figures: { name }, files }) => [
      name,
      { latencyMs: Object.fromEntries(Object.keys(files).map((form) => [form, msOf.get(`${name} ${form}`)])) },
    ]),
  );
}

const lossOf = ({ accuracy }) => accuracy.float32 - accuracy.int8;
const toolLossOf = ({ accuracy, tool, best }) => accuracy.float32 - tool[best];
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

/** In points of accuracy; shares of bytes; float32's time divided by int8's. */
function summaryOf(children) {
  const of = (values) => ({ mean: mean(values), worst: Math.max(...values), deviation: deviation(values) });
  const withTimes = children.filter(({ latencyMs }) => latencyMs);
  return {
    loss: of(children.map(lossOf)),
    toolLoss: of(children.map(toolLossOf)),
    /** How much worse than the tool. */
    behindTool: of(children.map((child) => lossOf(child) - toolLossOf(child))),
    float16SameTopOne: Math.min(...children.map(({ sameTopOne }) => sameTopOne)),
    int8Share: mean(children.map(({ bytes }) => bytes.int8 / bytes.float32)),
    float16Share: mean(children.map(({ bytes }) => bytes.float16 / bytes.float32)),
    toolShare: mean(children.map(({ bytes }) => bytes.tool / bytes.float32)),
    speed: mean(withTimes.map(({ latencyMs }) => latencyMs.float32 / latencyMs.int8)),
  };
}

const accuracies = ({ accuracy, tool, best }) =>
  `float32 ${accuracy.float32.toFixed(2)} %, int8 ${accuracy.int8.toFixed(2)} %, quantize_static ${tool[best].toFixed(2)} % (${best})`;

function print(children, summary, { precision, here }) {
  const points = (value) => value.toFixed(2);
  const share = (value) => `${(100 * value).toFixed(1)} %`;
  console.log(
    table(
      children.map((child) => ({
        child: child.isChosen ? `${child.id} *` : child.id,
        float32: `${points(child.accuracy.float32)} %`,
        [precision]: `${points(child.accuracy.int8)} %`,
        quantize_static: `${points(child.tool[child.best])} %`,
        float16: `${points(child.accuracy.float16)} %`,
        "same top-1, float16": `${(100 * child.sameTopOne).toFixed(2)} %`,
        "int8 bytes": share(child.bytes.int8 / child.bytes.float32),
        "float16 bytes": share(child.bytes.float16 / child.bytes.float32),
        nodes: `${countOf(child.nodes.quantized)} int8, ${countOf(child.nodes.float)} float, ${child.nodes.unfused} unfused`,
        "float32 / int8": child.latencyMs ? `${(child.latencyMs.float32 / child.latencyMs.int8).toFixed(2)}×` : "",
      })),
    ),
  );
  const { loss, toolLoss, behindTool } = summary;
  const spread = (of) =>
    `mean ${points(of.mean)}, worst ${points(of.worst)}, standard deviation ${points(of.deviation)}`;
  console.log(`
* the biggest, the smallest, and what the search chose
Points lost on ${children[0].testImages} test images: ${precision} ${spread(loss)}
  onnxruntime's quantize_static, its best method by these images: ${spread(toolLoss)}
  ${precision} loses more than that by: ${spread(behindTool)}
float32 / ${precision}: ${summary.speed.toFixed(2)} times as fast on ${here.cpu} (${here.cpuFlags.join(", ")}), 1 thread
Size: int8 ${share(summary.int8Share)}, quantize_static ${share(summary.toolShare)}, float16 ${share(summary.float16Share)} of float32's
float16: the same top-1 on at least ${(100 * summary.float16SameTopOne).toFixed(2)} % of the images`);
}
