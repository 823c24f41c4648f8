// How long `train` keeps Node's event loop, compiling included: a timer of 5 ms ticks in the main thread while a run trains by library call.
// A gap between two ticks counts without what the thread waited for a processor (Linux says it), which other processes decide.
//   node bench/train/event-loop.mjs ENGINE [SPACE [STEPS]]      (fashion 20); XDG_CACHE_HOME=$(mktemp -d) to compile anew
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearInterval, setInterval } from "node:timers";
import { importFrom } from "./net.mjs";

const TICK_MS = 5;
const [engine, space = "fashion", steps = "20"] = process.argv.slice(2);
if (!engine) throw new Error("node bench/train/event-loop.mjs ENGINE [SPACE [STEPS]]");

const [{ train }, { loadSpace }, { loadDataset }, { recipeSchema }] = await Promise.all(
  ["train/train.js", "supernet/spaces.js", "data/load.js", "train/recipe.js"].map((file) => importFrom(".", file)),
);
const source = "fixtures/fashion-mnist";
const loaded = await loadSpace(space);
const data = await loadDataset(source, { size: loaded.resolutions.at(-1), channels: loaded.channels });
const recipe = recipeSchema.parse({ name: "event-loop", batch: 64, normGroup: 32 });

const out = mkdtempSync(join(tmpdir(), "nestling-event-loop-"));
const began = performance.now();
/** Milliseconds that this thread has been ready to run and had no processor. */
const waitedForProcessor = () =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[1]) / 1e6;
/** Times between two ticks, what of them is the process's own, and when they began. */
const gaps = [];
let [last, waited] = [began, waitedForProcessor()];
const ticker = setInterval(() => {
  const [now, waitedNow] = [performance.now(), waitedForProcessor()];
  const ms = now - last;
  gaps.push({ ms, own: ms - (waitedNow - waited), at: last - began });
  [last, waited] = [now, waitedNow];
}, TICK_MS);
const ends = [];
try {
  await train({
    ...{ space: loaded, data, source, recipe, out, engine, steps: Number(steps), seed: 1, threads: 2 },
    onStep: () => ends.push(performance.now() - began),
  });
} finally {
  clearInterval(ticker);
  rmSync(out, { recursive: true });
}
const seconds = (ms) => Number((ms / 1000).toFixed(2));
console.log(
  JSON.stringify({
    ...{ engine, space, steps: Number(steps), seconds: seconds(last - began), firstStepEnds: seconds(ends[0]) },
    ticks: gaps.length,
    longest: gaps
      .sort((one, other) => other.own - one.own)
      .slice(0, 5)
      .map(({ ms, own, at }) => `${own.toFixed(1)} ms (${ms.toFixed(1)} with waiting) at ${seconds(at)} s`),
  }),
);
process.exit(0);
