/** Accuracy and the latency protocol on real models; what is asserted of times is what the protocol promises, never a speed. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { afterEach, expect, test, vi } from "vitest";
import { sha256Of } from "../../src/base/hash.js";
import { compiler } from "../../src/compile/compile-child.js";
import { testImages } from "../../src/deploy/contract.js";
import { accuracySoFar, compareModels, measureAccuracy } from "../../src/evaluate/accuracy.js";
import { ANCHOR_SIZE, anchorModel } from "../../src/evaluate/anchor.js";
import { benchFiles } from "../../src/evaluate/bench-files.js";
import { openLatencyBench } from "../../src/evaluate/latency.js";
import { withSession } from "../../src/runtime/session.js";
import { biggest, smallest } from "../../src/space/space.js";
import { tinyRun } from "../search/tiny-run.js";
import { temporaryFolder } from "../temporary-folder.js";

const run = await tinyRun(60);
const compile = compiler(run, { recalibrationImages: 200 });
const [large, small] = [
  await compile.compile(biggest(run.supernet.space)),
  await compile.compile(smallest(run.supernet.space)),
];
const images = testImages(run, large.architecture.resolution, 300);
const dims = [1, 1, large.architecture.resolution, large.architecture.resolution];

afterEach(() => void vi.restoreAllMocks());

test("accuracy is what counting image by image by hand gives", async () => {
  const { resolution, count, labels } = images;
  let correct = 0;
  const session = await ort.InferenceSession.create(large.bytes);
  for (let i = 0; i < count; i++) {
    const pixels = images.images.slice(i * resolution ** 2, (i + 1) * resolution ** 2);
    const { logits } = await session.run({
      pixel_values: new ort.Tensor("float32", pixels, [1, 1, resolution, resolution]),
    });
    const values = [...(logits!.data as Float32Array)];
    if (values.indexOf(Math.max(...values)) === labels[i]) correct++;
  }
  await session.release();
  const measured = await measureAccuracy(large.bytes, images);
  expect(measured).toMatchObject({ correct, count, accuracy: correct / count });
});

test("accuracy so far grows by batches and ends at the whole", async () => {
  const counts: number[] = [];
  await withSession(large.bytes, {}, async (session) => {
    for await (const { count } of accuracySoFar(session, images)) counts.push(count);
  });
  expect(counts).toEqual([128, 256, 300]);
});

test("a model compared with itself differs by nothing; with another one by the largest logit difference", async () => {
  const optimization = { first: "disabled", second: "disabled" } as const;
  expect(await compareModels(large.bytes, large.bytes, images, optimization)).toMatchObject({
    maxDifference: 0,
    sameTopOne: 1,
  });
  const space = run.supernet.space;
  const narrow = await compile.compile({ ...smallest(space), resolution: large.architecture.resolution });
  const { maxDifference, maxLogit, sameTopOne } = await compareModels(large.bytes, narrow.bytes, images, optimization);
  expect(maxDifference).toBeGreaterThan(0.01);
  expect(maxLogit).toBeGreaterThan(0);
  expect(sameTopOne).toBeLessThan(1);
});

test("the anchor is the same bytes whenever it is made, and runs", async () => {
  expect(sha256Of(anchorModel())).toBe(sha256Of(anchorModel()));
  await withSession(anchorModel(), {}, async (session) => {
    const outputs = await session.run(new Float32Array(ANCHOR_SIZE ** 2).fill(1), [1, 1, ANCHOR_SIZE, ANCHOR_SIZE]);
    expect(outputs.get("logits")!.every(Number.isFinite)).toBe(true);
  });
});

test("the protocol keeps its counts: rounds within their limits, ten runs a round, an interval around the median", async () => {
  const bench = await openLatencyBench({ minRounds: 5, maxRounds: 6, precision: 0 });
  const measured = await bench.measure([
    { name: "large", bytes: large.bytes, dims },
    { name: "small", bytes: small.bytes, dims: [1, 1, small.architecture.resolution, small.architecture.resolution] },
  ]);
  await bench.close();
  expect(measured.map(({ name }) => name)).toEqual(["large", "small"]);
  for (const { rounds, runs, p50Ms, intervalMs, p90Ms, minMs, anchorSpread } of measured) {
    expect([rounds, runs]).toEqual([6, 60]);
    expect(intervalMs[0]).toBeLessThanOrEqual(p50Ms);
    expect(intervalMs[1]).toBeGreaterThanOrEqual(p50Ms);
    expect(p90Ms).toBeGreaterThan(0);
    expect(minMs).toBeGreaterThan(0);
    expect(anchorSpread).toBeGreaterThanOrEqual(0);
  }
  expect(bench.environment).toMatchObject({ threads: 1, executionProvider: "cpu", node: process.version });
  const wide = await openLatencyBench({ minRounds: 3, maxRounds: 30, precision: 1e9 });
  expect((await wide.measure([{ name: "large", bytes: large.bytes, dims }]))[0]!.rounds).toBe(3);
  await wide.close();
});

test("normalised by the anchor: the anchor itself as a candidate takes what it took when the bench was opened", async () => {
  const bench = await openLatencyBench();
  const [itself] = await bench.measure([
    { name: "anchor", bytes: anchorModel(), dims: [1, 1, ANCHOR_SIZE, ANCHOR_SIZE] },
  ]);
  await bench.close();
  expect(Math.abs(itself!.p50Ms / bench.anchorMs - 1)).toBeLessThan(Math.max(0.2, 2 * itself!.anchorSpread));
});

test("A/A: one model under two names differs by no more than the machine's noise", async () => {
  const file = join(await temporaryFolder(), "large.onnx");
  await writeFile(file, large.bytes);
  const { noise, results } = await benchFiles([file]);
  expect(results.map(({ name }) => name)).toEqual([file]);
  expect(noise).toBeLessThan(Math.max(0.2, 2 * results[0]!.anchorSpread));
});

test("what bench can't time is refused with its place", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "text.onnx"), "no model at all");
  await expect(benchFiles([])).rejects.toThrow("want at least one .onnx file");
  await expect(benchFiles([join(folder, "none.onnx")])).rejects.toThrow("none.onnx is missing");
  await expect(benchFiles([join(folder, "text.onnx")])).rejects.toThrow("want an ONNX model with one float input");
});

test("every session that is opened is released, whether the work succeeds or fails", async () => {
  const create = ort.InferenceSession.create.bind(ort.InferenceSession) as (
    bytes: Uint8Array,
    options?: object,
  ) => Promise<ort.InferenceSession>;
  const open = new Set<ort.InferenceSession>();
  let opened = 0;
  vi.spyOn(ort.InferenceSession, "create").mockImplementation(async (bytes: Uint8Array, options?: object) => {
    const session = await create(bytes, options);
    const release = session.release.bind(session);
    opened++;
    open.add(session);
    session.release = async () => {
      open.delete(session);
      await release();
    };
    return session;
  });
  await compile.compile(smallest(run.supernet.space));
  await measureAccuracy(large.bytes, images);
  const bench = await openLatencyBench({ minRounds: 2, maxRounds: 2 });
  const model = { name: "large", bytes: large.bytes, dims };
  await bench.measure([model, model]);
  await expect(bench.measure([model, { ...model, bytes: new Uint8Array(9) }])).rejects.toThrow(
    "refused by onnxruntime",
  );
  await expect(bench.measure([{ ...model, dims: [1, 3, 5, 5] }])).rejects.toThrow();
  await bench.close();
  await expect(measureAccuracy(large.bytes, { ...images, resolution: 7 })).rejects.toThrow();
  expect(opened).toBeGreaterThan(7);
  expect(open.size).toBe(0);
});
