/** One process that trains for many steps or exports many children, and prints its resident size in MB as a JSON array. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  exportChild,
  loadDataset,
  loadRecipe,
  loadSpace,
  localTarget,
  openLatencyBench,
  openRun,
  random,
  sample,
  train,
} from "nestling";

const [what, folder, count] = process.argv.slice(2);
const sizes = [];
// What is garbage is no leak.
const look = () => {
  globalThis.gc();
  sizes.push(Math.round(process.memoryUsage.rss() / 1e6));
};
const out = join(folder, "run");
const space = await loadSpace("fashion");
const source = "fixtures/fashion-mnist";
const data = await loadDataset(source, { size: 28, channels: 1 });
const recipe = await loadRecipe("short");
const trainFor = (steps, onStep) => train({ space, data, source, recipe, steps, out, onStep });

if (what === "train") {
  await trainFor(Number(count), (step) => step % 50 === 0 && look());
} else {
  await trainFor(2);
  const run = await openRun(out);
  // Short sessions: what is asked is the memory of exports, not how long children take.
  const bench = await openLatencyBench(localTarget(), { seconds: 0.1 });
  for (let i = 0; i < Number(count); i++) {
    const child = join(folder, `${i}.onnx`);
    await exportChild(run, sample(space, random("export", i)), { out: child, bench, recalibrationImages: 200 });
    rmSync(child);
    look();
  }
}
console.log(JSON.stringify(sizes));
