/**
 * What is usually done, on the files given: the mean of 100 runs in a loop after ten, and onnxruntime_perf_test's method, the median of 1,000
 * runs after one (`-m times -r 1000`). Prints both in ms, a figure a file.
 */
import { readFileSync } from "node:fs";
import { random } from "../../dist/base/random.js";
import { describeModel } from "../../dist/onnx/decode.js";
import { localTarget } from "../../dist/target/local.js";
import { median } from "../results.mjs";

const target = localTarget();
const found = { naive: [], perfTest: [] };
for (const path of process.argv.slice(2)) {
  const bytes = readFileSync(path);
  const [{ dims }] = describeModel(bytes).inputs;
  const draw = random(0, "input");
  const input = Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, () => draw.normal());
  for (const [method, warmUp, runs, figure] of [
    ["naive", 10, 100, (times) => times.reduce((sum, ms) => sum + ms, 0) / times.length],
    ["perfTest", 1, 1000, median],
  ]) {
    const model = await target.load(bytes);
    await model.time(input, dims, warmUp);
    found[method].push(figure(await model.time(input, dims, runs)));
    await model.release();
  }
}
await target.close();
console.log(JSON.stringify(found));
