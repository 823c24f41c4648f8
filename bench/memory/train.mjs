// A process that trains and searches, and prints its memory after each epoch and hashes of what it made. Its options are JSON: see index.mjs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadDataset, loadRecipe, loadSpace, openRun, parseBudgets, search, train } from "../../dist/index.js";
import { sha256Of } from "../../dist/base/hash.js";

const { source, recipe: recipeFile, space: spaceName, out, epochs } = JSON.parse(process.argv[2]);
const space = await loadSpace(spaceName);
const recipe = await loadRecipe(recipeFile);
const size = space.resolutions.at(-1);
const data = await loadDataset(source, { size, channels: space.channels });
const rss = [];
let stepsPerEpoch;
await train({
  ...{ space, data, source, recipe: { ...recipe, epochs }, out, seed: 0, threads: 1 },
  onStep(step, total) {
    stepsPerEpoch ??= total / epochs;
    if (step % stepsPerEpoch === 0) rss.push(process.memoryUsage.rss());
  },
});
const run = await openRun(out, source);
const { result } = await search(run, {
  ...{ budgets: parseBudgets(["macs=300k"]), fineCandidates: 4, recalibrationImages: 64, seconds: 0.1 },
  out: join(out, "search"),
});
const checkpoint = JSON.parse(readFileSync(join(out, "checkpoint/checkpoint.json"), "utf8"));
const hashOf = ({ file }) => sha256Of(readFileSync(join(out, "checkpoint", file)));
console.log(
  JSON.stringify({
    rss,
    afterSearch: process.memoryUsage.rss(),
    weights: hashOf(checkpoint.weights),
    optimizer: hashOf(checkpoint.training.optimizer),
    search: sha256Of(JSON.stringify(result.candidates.map(({ sha256, count, hits }) => [sha256, count, hits]))),
  }),
);
process.exit(0);
