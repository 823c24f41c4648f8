/** The results of a run: the bits of a tiny training, and search.json of a fixed search of it, without latency. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRun } from "../../dist/run/run.js";
import { loadDataset } from "../../dist/data/load.js";
import { environmentHere } from "../../dist/target/environment.js";
import { parseBudget } from "../../dist/search/budget.js";
import { searchRun } from "../../dist/search/search.js";
import { loadSpace } from "../../dist/supernet/spaces.js";
import { recipeSchema } from "../../dist/train/recipe.js";
import { train } from "../../dist/train/train.js";
import { hashOf } from "./hash.mjs";

/** Every technique on, four norm groups a step, so that nothing is equal because it never acts. */
const recipe = recipeSchema.parse({
  name: "replay",
  batch: 32,
  normGroup: 8,
  weightDecay: 1e-3,
  clipNorm: 5,
  learningRate: { perImage: 2e-4, warmupEpochs: 0 },
  augmentation: { crop: 1, flip: true },
});

/**
 * Weights, optimiser state and losses of a training: by the build of the wasm engine, since each has bits of its own. And of the search:
 * by the kind of CPU and onnxruntime, which round the statistics of batch norm in their own ways.
 */
export async function replayRuns() {
  const folder = mkdtempSync(join(tmpdir(), "nestling-replay-"));
  try {
    const source = "fixtures/fashion-mnist";
    const space = await loadSpace("fixtures/spaces/tiny.json");
    const data = await loadDataset(source, { size: 12, channels: 1 });
    const training = {};
    let engine = "";
    for (const execution of ["masked", "sliced"]) {
      const out = join(folder, execution);
      const options = { engine: "wasm", seed: 5, steps: 40, threads: 2 };
      ({ engine } = await train({ space, data, source, recipe, out, execution, ...options }));
      training[execution] = hashOf(checkpointOf(out));
    }
    const run = await openRun(join(folder, "sliced"));
    return {
      training: { [engine]: training },
      search: { [`${kindOfMachine()}, trained on ${engine}`]: await searchOf(run) },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function checkpointOf(out) {
  const { weights, training } = JSON.parse(readFileSync(join(out, "checkpoint/checkpoint.json"), "utf8"));
  const losses = readFileSync(join(out, "log.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => ({ ...JSON.parse(line), imagesPerSecond: 0, waited: undefined }));
  return [weights.sha256, training.optimizer.sha256, losses];
}

async function searchOf(run) {
  const file = join(run.folder, "search.json");
  const budgets = ["macs=120k", "parameters=6k"].map(parseBudget);
  const { result } = await searchRun(run, {
    ...{ budgets, file, fineCandidates: 8, recalibrationImages: 300, seed: 1 },
  });
  const { candidates, front, chosen } = result;
  return {
    // What was judged and what came of it, apart from the files themselves: a change of metadata changes these alone.
    decisions: hashOf([
      candidates.map((candidate) => ({ ...candidate, sha256: undefined, fileBytes: undefined })),
      front,
      chosen,
    ]),
    file: hashOf(readFileSync(file)),
  };
}

function kindOfMachine() {
  const { cpuFlags, onnxruntime } = environmentHere();
  return `onnxruntime ${onnxruntime} on ${cpuFlags.join(" ")}`;
}
