import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { UserError } from "../../src/base/user-error.js";
import { emit } from "../../src/compile/emit.js";
import { lower } from "../../src/compile/lower.js";
import { recalibration } from "../../src/compile/recalibration.js";
import type { Batch, Outputs } from "../../src/runtime/batch-messages.js";
import { runBatches, type Work } from "../../src/runtime/run-batches.js";
import { randomNetChild } from "../compile/random-net-child.js";

/** A random net that puts out its moments, and batches for it. */
function caseOf(seed: number, batches: number): { bytes: Uint8Array; given: Batch[] } {
  const { child, block } = randomNetChild(seed);
  const lowered = lower.run(child).child;
  const { count, resolution, channels } = block;
  const bytes = emit({ ...lowered, graph: recalibration.observe(lowered.graph) }, { resolution });
  const draw = random(seed, "batches");
  const dims = [count, channels, resolution, resolution];
  const length = block.images.length;
  const given = Array.from({ length: batches }, () => ({
    input: Float32Array.from({ length }, () => draw.normal()),
    dims,
  }));
  return { bytes, given };
}

async function* oneByOne(batches: readonly Batch[]): AsyncGenerator<Batch> {
  for (const batch of batches) yield await Promise.resolve(batch);
}

async function allOf(bytes: Uint8Array, batches: AsyncIterable<Batch>, atOnce?: number): Promise<Outputs[]> {
  const all: Outputs[] = [];
  for await (const outputs of runBatches(bytes, batches, { macs: 0, batchBytes: 1 }, atOnce)) all.push(outputs);
  return all;
}

const failed = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

test("any number of threads gives the same bits in the batches' order, also for several models at a time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), fc.integer({ min: 0, max: 7 }), async (seed, batches) => {
      const { bytes, given } = caseOf(seed, batches);
      const here = await allOf(bytes, oneByOne(given));
      expect(here).toHaveLength(batches);
      const onThreads = await Promise.all([2, 3].map((atOnce) => allOf(bytes, oneByOne(given), atOnce)));
      for (const outputs of onThreads) expect(outputs).toEqual(here);
    }),
    { numRuns: 15 },
  );
});

test("work that is worth it is done on threads where there is room: this one reads on while a model runs", async () => {
  const { bytes, given } = caseOf(1, 6);
  const beginOf = async (work: Work): Promise<string[]> => {
    const said: string[] = [];
    async function* batches(): AsyncGenerator<Batch> {
      for await (const batch of oneByOne(given)) {
        said.push("read");
        yield batch;
      }
    }
    for await (const { size } of runBatches(bytes, batches(), work)) said.push(size > 0 ? "ran" : "nothing");
    return said.slice(0, 2);
  };
  const second = availableParallelism() > 1 ? "read" : "ran";
  expect(await beginOf({ macs: 1e9, batchBytes: 1 })).toEqual(["read", second]);
  expect(await beginOf({ macs: 1e6, batchBytes: 1 })).toEqual(["read", "ran"]);
  expect(await beginOf({ macs: 1e9, batchBytes: 2 ** 50 })).toEqual(["read", "ran"]);
});

test("a model, a batch or a reader that fails is thrown, and the next work is done", async () => {
  const { bytes, given } = caseOf(2, 5);
  const here = await allOf(bytes, oneByOne(given));
  const wrong = { input: new Float32Array(3), dims: [3] };
  const gone = new UserError("data/unreadable", { at: "a.png", want: "a picture", fix: "Put it back." });
  async function* reader(): AsyncGenerator<Batch> {
    yield* oneByOne(given.slice(0, 3));
    throw gone;
  }
  for (const atOnce of [1, 2]) {
    expect(await failed(allOf(bytes.subarray(0, 100), oneByOne(given), atOnce))).toMatchObject({
      code: "runtime/model",
    });
    expect(await failed(allOf(bytes, oneByOne([...given.slice(0, 2), wrong, ...given]), atOnce))).toMatchObject({
      message: expect.stringContaining("Invalid rank for input") as string,
    });
    expect(await failed(allOf(bytes, reader(), atOnce))).toBe(gone);
    for await (const first of runBatches(bytes, oneByOne(given), { macs: 0, batchBytes: 1 }, atOnce)) {
      expect(first).toEqual(here[0]);
      break;
    }
    expect(await allOf(bytes, oneByOne(given), atOnce)).toEqual(here);
  }
});

/** What a process prints and ends with that runs the anchor's model on two threads, over three batches of so many images. */
function processOf(images: number, beforeThird = ""): { status: number | null; stdout: string; stderr: string } {
  const script = `
    const { runBatches } = await import(${JSON.stringify(resolve("dist/runtime/run-batches.js"))});
    const { anchor } = await import(${JSON.stringify(resolve("dist/evaluate/anchor.js"))});
    const { bytes, dims: [, ...shape] } = anchor();
    const input = new Float32Array(shape.reduce((product, size) => product * size, ${images}));
    async function* batches() {
      const batch = { input, dims: [${images}, ...shape] };
      yield batch;
      yield batch;
      ${beforeThird}
      yield batch;
    }
    let ran = 0;
    for await (const outputs of runBatches(bytes, batches(), { macs: 0, batchBytes: 1 }, 2)) ran += outputs.size;
    console.log(ran);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    timeout: 60_000,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("a process ends although its threads wait", () => {
  expect(processOf(1)).toEqual({ status: 0, stdout: "3\n", stderr: "" });
});

test("a process that exits while its threads run waits for what is begun: it ends with its own code", () => {
  expect(processOf(3000, "await new Promise((done) => setTimeout(done, 30)); process.exit(3);")).toEqual({
    status: 3,
    stdout: "",
    stderr: "",
  });
});
