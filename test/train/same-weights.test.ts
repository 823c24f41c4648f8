/** Parallel work, the execution and interruptions never change a result. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { orderedSeal, sealed } from "../../src/base/seal.js";
import { openCheckpoint, saveCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { openRun } from "../../src/run/run.js";
import { checkpointBytes, largest, logOf, temporaryFolder, trainTiny, type TinyOptions } from "./tiny.js";

async function run(options: TinyOptions): Promise<{ bytes: Record<string, string>; log: unknown; out: string }> {
  const { out } = await trainTiny(options);
  return { bytes: await checkpointBytes(out), log: await logOf(out), out };
}

test.each(["step", "group"])(
  "1, 2 and 4 worker threads give the same bytes and log (drawnPer: %s)",
  async (drawnPer) => {
    const recipe = { averaging: 0.9, sandwich: { drawnPer } };
    const one = await run({ steps: 6, threads: 1, recipe });
    for (const threads of [2, 4]) {
      const many = await run({ steps: 6, threads, recipe });
      expect(many.bytes).toEqual(one.bytes);
      expect(many.log).toEqual(one.log);
    }
    const other = await run({ steps: 6, threads: 1, recipe, seed: 8 });
    expect(other.bytes["weights"]).not.toBe(one.bytes["weights"]);
  },
);

/**
 * Float32 sums run in another order over zeros and slices; RMSProp divides by √ε and so keeps differences small where gradients are.
 * After 5 steps the largest difference seen is below 1e-6 × the largest weight.
 */
const TOLERANCE = 1e-5;

test.each(["biggest", "all"])(
  "masked and sliced execution give the same weights (regularize: %s)",
  async (regularize) => {
    const recipe = { regularize, lastGamma: "one", sandwich: { random: 4 } };
    const [masked, sliced] = await Promise.all(
      (["masked", "sliced"] as const).map(async (execution) => {
        const { out } = await trainTiny({ steps: 5, execution, recipe });
        return (await openCheckpoint(join(out, "checkpoint"))).weights();
      }),
    );
    const all = [...sliced!.values()].reduce((max, { data }) => Math.max(max, largest(data)), 0);
    for (const [name, { data }] of masked!) {
      const other = sliced!.get(name)!.data;
      expect(largest(data.map((x, i) => x - other[i]!)) / all, name).toBeLessThan(TOLERANCE);
    }
  },
);

/** Trains until `stop` steps are done, where the process "dies". */
async function trainAndStop(options: TinyOptions, stop: number): Promise<void> {
  const onStep = (step: number): void => {
    if (step === stop) throw new Error("stopped");
  };
  await expect(trainTiny({ ...options, onStep })).rejects.toThrow("stopped");
}

// 30 steps: checkpoints every 2nd, a line every step. 410: checkpoints every 21 or so and lines every 2nd.
test.each([
  { steps: 30, stops: [1, 2, 13, 29] },
  { steps: 410, stops: [22, 301] },
])("$steps steps stopped at $stops and resumed equal $steps steps at once, files and log", async ({ steps, stops }) => {
  const recipe = { batch: 8, normGroup: 4, averaging: 0.9, sandwich: { random: 1, drawnPer: "group" } };
  const whole = await run({ steps, recipe });
  const out = await temporaryFolder();
  for (const stop of stops) await trainAndStop({ out, steps, recipe, resume: true }, stop);
  const resumed = await run({ out, steps, recipe, resume: true });
  expect(resumed.bytes).toEqual(whole.bytes);
  expect(resumed.log).toEqual(whole.log);
});

test("resuming with other options, or starting over an existing run, is refused", async () => {
  const out = await temporaryFolder();
  await trainTiny({ out, steps: 2 });
  await expect(trainTiny({ out, steps: 2 })).rejects.toMatchObject({ code: "train/exists" });
  const changes: TinyOptions[] = [{ seed: 8 }, { steps: 3 }, { recipe: { dropout: 0 } }, { execution: "masked" }];
  for (const change of changes) {
    await expect(trainTiny({ out, steps: 2, resume: true, ...change })).rejects.toMatchObject({ code: "train/resume" });
  }
});

test("a run that was begun before an option was known resumes: its default is what training was", async () => {
  const out = await temporaryFolder();
  const whole = await run({ steps: 4 });
  await trainAndStop({ out, steps: 4 }, 2);
  const path = join(out, "checkpoint", "checkpoint.json");
  const { sha256: _, ...fields } = JSON.parse(await readFile(path, "utf8")) as {
    sha256: string;
    training: { recipe: object };
  };
  const { sampling: __, ...recipe } = fields.training.recipe as { sampling: string };
  const older = { ...fields, training: { ...fields.training, recipe } };
  await writeFile(path, JSON.stringify(sealed(older, orderedSeal)));
  expect((await run({ out, steps: 4, resume: true })).bytes).toEqual(whole.bytes);
});

test("a checkpoint whose weights are gone is no reason to start over", async () => {
  const out = await temporaryFolder();
  await trainTiny({ out, steps: 2 });
  await rm(join(out, "checkpoint", "weights-2.safetensors"));
  await expect(trainTiny({ out, steps: 2, resume: true })).rejects.toMatchObject({ code: "checkpoint/corrupt" });
});

test("a file in the checkpoint's place is no reason to start over either: the log stays", async () => {
  const out = await temporaryFolder();
  await trainTiny({ out, steps: 2 });
  const log = await logOf(out);
  await rename(join(out, "checkpoint"), join(out, "moved"));
  await writeFile(join(out, "checkpoint"), "");
  await expect(trainTiny({ out, steps: 2, resume: true })).rejects.toMatchObject({ code: "file/write" });
  expect(await logOf(out)).toEqual(log);
});

test("a checkpoint with a transposed weight, of the same length, is neither resumed nor opened", async () => {
  const out = await temporaryFolder();
  await trainTiny({ out, steps: 2 });
  const folder = join(out, "checkpoint");
  const { description, position, ...read } = await openCheckpoint(folder);
  const weights = new Map(await read.weights());
  const { shape, data } = weights.get("classifier.weight")!;
  weights.set("classifier.weight", { shape: shape.toReversed(), data });
  const training = { position: { ...position!, step: 1 }, optimizer: await read.optimizer() };
  await saveCheckpoint(folder, { description, weights, training });
  const refusal = { code: "supernet/weights", message: expect.stringContaining("classifier.weight") as string };
  await expect(trainTiny({ out, steps: 2, resume: true })).rejects.toMatchObject(refusal);
  await expect(openRun(out)).rejects.toMatchObject(refusal);
});
