/** Memory stays flat because every onnxruntime session that anything opens is released: compiler, accuracy, comparison, latency. */
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { afterEach, expect, test, vi } from "vitest";
import { exportChild } from "../../src/deploy/export-child.js";
import { testImages } from "../../src/deploy/contract.js";
import { verifyChild } from "../../src/deploy/verify.js";
import { measureAccuracy } from "../../src/evaluate/accuracy.js";
import { anchor } from "../../src/evaluate/anchor.js";
import { openLatencyBench } from "../../src/evaluate/latency.js";
import { searchRun } from "../../src/search/search.js";
import { parseBudget } from "../../src/search/budget.js";
import { smallest } from "../../src/space/space.js";
import { localTarget } from "../../src/target/local.js";
import { tinyRun } from "../search/tiny-run.js";

afterEach(() => void vi.restoreAllMocks());

test("every session that is opened is released, whether the work succeeds or fails", async () => {
  const run = await tinyRun();
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

  const out = join(run.folder, "child.onnx");
  await exportChild(run, smallest(run.supernet.space), { out, recalibrationImages: 100, seconds: 0.1 });
  await verifyChild(out, { run: run.folder, seconds: 0.1 });
  const search = { budgets: [parseBudget("latency=0.01us")], file: join(run.folder, "search.json") };
  await expect(searchRun(run, { ...search, recalibrationImages: 100, seconds: 0.1 })).rejects.toThrow(
    "what the smallest child needs",
  );
  expect(opened).toBeGreaterThan(8);
  expect(open.size).toBe(0);

  const model = { name: "anchor", ...anchor() };
  const bench = await openLatencyBench(localTarget(), { seconds: 0.1 });
  await bench.measure([model, model]);
  await expect(bench.measure([model, { ...model, bytes: new Uint8Array(9) }])).rejects.toThrow(
    "refused by onnxruntime",
  );
  await expect(bench.measure([{ ...model, dims: [1, 3, 5, 5] }])).rejects.toThrow();
  expect(open.size).toBe(0);
  const images = testImages(run, smallest(run.supernet.space).resolution, 20);
  await expect(measureAccuracy(model.bytes, { ...images, resolution: 7 })).rejects.toThrow();
  expect(open.size).toBe(0);
});
