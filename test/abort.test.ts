/** An aborted call rejects with the signal's reason, gives back what it held, writes nothing half, and what can resume does. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { packDataset } from "../src/data/pack/write-pack.js";
import { loadDataset } from "../src/data/load.js";
import { exportChild } from "../src/deploy/export-child.js";
import { verifyChild } from "../src/deploy/verify.js";
import { benchFiles } from "../src/deploy/bench-files.js";
import { openRun } from "../src/run/run.js";
import { parseBudgets } from "../src/search/budget.js";
import { search } from "../src/deploy/search-and-export.js";
import { smallest } from "../src/space/space.js";
import { mockTarget } from "../src/target/mock.js";
import { folderOf, picture } from "./data/picture-folder.js";
import { temporaryFolder } from "./temporary-folder.js";
import { checkpointBytes, logOf, trainTiny } from "./train/tiny.js";

const reason = new Error("the user left");
/** A signal that is aborted by the call of that number, from 1. */
function abortedBy(call: number): { readonly signal: AbortSignal; readonly on: () => void } {
  const controller = new AbortController();
  let calls = 0;
  const on = (): void => {
    if (++calls === call) controller.abort(reason);
  };
  return { signal: controller.signal, on };
}

test("training ends before the next step, gives its folder back, and resumes to the same bytes", async () => {
  const [whole, out] = [await temporaryFolder(), await temporaryFolder()];
  await trainTiny({ out: whole, steps: 6 });
  const { signal, on } = abortedBy(4);
  let done = 0;
  const onStep = (step: number): void => {
    done = step;
    on();
  };
  await expect(trainTiny({ out, steps: 6, signal, onStep })).rejects.toBe(reason);
  expect(done).toBe(4);
  await trainTiny({ out, steps: 6, resume: true });
  expect(await checkpointBytes(out)).toEqual(await checkpointBytes(whole));
  expect(await logOf(out)).toEqual(await logOf(whole));
  await expect(trainTiny({ out: await temporaryFolder(), signal })).rejects.toBe(reason);
});

test("a search ends before the next child and resumes to the same result; export, verify and bench end in their session", async () => {
  const out = await temporaryFolder();
  await trainTiny({ out, steps: 4 });
  const run = await openRun(out);
  const target = mockTarget({ msOf: () => 1 });
  const options = {
    budgets: parseBudgets(["macs=300k"]),
    fineCandidates: 2,
    recalibrationImages: 64,
    target,
    seconds: 1,
  };
  const file = (name: string): string => join(out, name);
  const { result } = await search(run, { ...options, out: file("whole") });
  const leaving = abortedBy(3);
  let judged = 0;
  const onCandidate = (): void => {
    judged++;
    leaving.on();
  };
  const begun = { ...options, out: file("begun"), resume: true };
  await expect(search(run, { ...begun, signal: leaving.signal, onCandidate })).rejects.toBe(reason);
  expect(judged).toBe(3);
  expect((await search(run, begun)).result).toEqual(result);

  const child = { out: file("child.onnx"), recalibrationImages: 64 };
  await exportChild(run, smallest(run.supernet.space), { ...child, target, seconds: 1 });
  const before = await readdir(out);
  /** A device whose run of that number the user leaves at. */
  const leftAt = (call: number) => {
    const { signal, on } = abortedBy(call);
    const device = mockTarget({
      msOf: () => {
        on();
        return 1;
      },
    });
    return { signal, target: device, seconds: 60 };
  };
  const another = { ...child, out: file("another.onnx") };
  await expect(exportChild(run, smallest(run.supernet.space), { ...another, ...leftAt(5000) })).rejects.toBe(reason);
  await expect(verifyChild(child.out, leftAt(5000))).rejects.toBe(reason);
  await expect(benchFiles([child.out], leftAt(5000))).rejects.toBe(reason);
  expect(await readdir(out)).toEqual(before);
});

test("a packing ends with the reason and leaves nothing", async () => {
  const files = Array.from({ length: 40 }, async (_, i) => [`${i % 2}/${i}.png`, await picture([i, 0, 0])] as const);
  const source = await folderOf(Object.fromEntries(await Promise.all(files)));
  const data = await loadDataset(source, { size: 8, channels: 3 });
  const folder = await temporaryFolder();
  const recipe = { augmentation: { randomResizedCrop: { scale: [0.5, 1] as const } } };
  const packing = { data, source, sizes: [8], recipe, out: join(folder, "packed") };
  for (const call of [1, 25, 40]) {
    const { signal, on } = abortedBy(call);
    await expect(packDataset({ ...packing, signal, onImages: on })).rejects.toBe(reason);
    expect(await readdir(folder)).toEqual([]);
  }
  const { signal, on } = abortedBy(1);
  on();
  await expect(packDataset({ ...packing, signal })).rejects.toBe(reason);
  expect(await packDataset(packing)).toMatchObject({ images: 40 });
});

test("reading pictures ends with the reason, not with a list of broken pictures", async () => {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  const files = Array.from({ length: 40 }, (_, i) => [`${i % 2}/${i}.png`, png] as const);
  const folder = await folderOf(Object.fromEntries(files));
  const { signal, on } = abortedBy(10);
  await expect(loadDataset(folder, { size: 8, channels: 3, signal, onPicture: on })).rejects.toBe(reason);
});
