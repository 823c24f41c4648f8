/** --norm-group: which group `auto` takes, and that its estimate is enough. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import { openCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { copiesOn } from "../../src/engine/pjrt/kind.js";
import { acceptedBuilds } from "../../src/engine/wasm/kernels.js";
import { openArena } from "../../src/engine/wasm/arena.js";
import { wasm } from "../../src/engine/wasm/kind.js";
import { planProgram } from "../../src/engine/wasm/plan-program.js";
import { alone } from "../../src/ranks/ranks.js";
import { fakeQuantized } from "../../src/supernet/fake-quantize.js";
import { atMaximum } from "../../src/supernet/mask.js";
import { loadSpace, parseSpace, shippedSpaces } from "../../src/supernet/spaces.js";
import { buildSupernet, type Supernet } from "../../src/supernet/supernet.js";
import { groupFor, needsOf, withNormGroup, type Room } from "../../src/train/norm-group.js";
import { images, logOf, source, temporaryFolder, tinyRecipe, tinySpace, trainTiny } from "./tiny.js";

const supernetOf = async (name: string): Promise<Supernet> => buildSupernet(await loadSpace(name));
const tiny = buildSupernet(tinySpace);
const recipe = tinyRecipe({ batch: 96, normGroup: 8 });
const device: Room = { bytes: 64e9, copies: 1, workers: 1, ranks: 1, gradients: "one" };
const processor: Room = { ...device, workers: 2, gradients: "each group's" };

/** Memory of which `auto` may use all that groups of this size need. */
const enoughFor = (group: number, room: Room): number => needsOf(tiny, recipe, room)(group).all / 0.8;

test("the largest group that divides the batch and fits", () => {
  expect(groupFor(tiny, recipe, device)).toMatchObject({ images: 96, fits: true });
  for (const group of [48, 32, 24, 2]) {
    const bytes = enoughFor(group, device);
    expect(groupFor(tiny, recipe, { ...device, bytes })).toMatchObject({ images: group, needs: 0.8 * bytes });
    if (group > 2) expect(groupFor(tiny, recipe, { ...device, bytes: bytes - 2 }).images).toBeLessThan(group);
  }
});

test("no device is idle", () => {
  const groupOn = (devices: number): number => groupFor(tiny, recipe, { ...device, devices }).images;
  expect([groupOn(1), groupOn(2), groupOn(8)]).toEqual([96, 48, 12]);
});

test("no worker of any rank is idle", () => {
  const groupOn = (workers: number, ranks: number): number =>
    groupFor(tiny, recipe, { ...processor, workers, ranks }).images;
  expect([groupOn(1, 1), groupOn(2, 1), groupOn(5, 1), groupOn(2, 4)]).toEqual([96, 48, 16, 12]);
  expect(groupOn(100, 1), "more than there can be groups").toBe(2);
});

test("where none fits, the one that needs the least; a worker's own limit counts", () => {
  expect(groupFor(tiny, recipe, { ...device, bytes: 1 })).toMatchObject({ images: 2, fits: false });
  // In a process's memory each group has its own gradient: many small ones can need more than few.
  const wide = { ...processor, copies: 0.001, bytes: 1 };
  expect(groupFor(tiny, recipe, wide)).toMatchObject({ images: 48, fits: false });
  const perWorker = needsOf(tiny, recipe, processor)(16).worker / 0.8;
  expect(groupFor(tiny, recipe, { ...processor, perWorker })).toMatchObject({ images: 16, fits: true });
});

test.each([
  ["not rounded", null, 1.5],
  ["rounded", { bits: 8 }, 1.8],
])("wasm, %s: the estimate is enough for its plan of memory, and not far too high", async (_, quantization, most) => {
  const { copies } = (await wasm.memory!())!;
  const arena = openArena(acceptedBuilds()[0]!, (kernels) => kernels);
  const recipe = tinyRecipe({ batch: 96, normGroup: 8, quantization });
  for (const name of shippedSpaces) {
    const supernet = await supernetOf(name);
    const graph = atMaximum(quantization ? fakeQuantized(supernet.graph, 8) : supernet.graph);
    const resolution = Math.max(...supernet.space.resolutions);
    for (const batch of [8, 64]) {
      const { end } = planProgram(arena, graph, { batch, resolution });
      const { worker } = needsOf(supernet, recipe, { ...processor, copies })(batch);
      expect(worker / end, `${name}, ${batch}`).toBeGreaterThan(1);
      expect(worker / end, `${name}, ${batch}`).toBeLessThan(most);
    }
  }
});

test("an H100: the estimate is enough for the temporary memory that XLA plans (bench/train/ahead.mjs, 27 November 2026)", async () => {
  for (const [name, resolution, group, megabytes] of [
    ["fashion", 28, 64, 133],
    ["bignas", 224, 8, 947],
    ["bignas", 224, 32, 3493],
  ] as const) {
    const { data } = await loadSpace(name);
    const supernet = buildSupernet(parseSpace({ ...data, resolutions: [resolution] }, name));
    const { worker } = needsOf(supernet, recipe, { ...device, copies: copiesOn["cuda"]! })(group);
    expect(worker / 1e6, name).toBeGreaterThan(megabytes);
    expect(worker / 1e6, name).toBeLessThan(1.7 * megabytes);
  }
});

test("auto is said, logged and kept; a run that is resumed keeps its own on any machine, and refuses another", async () => {
  const out = await temporaryFolder();
  const notes: string[] = [];
  const onNote = (line: string): unknown => notes.push(line);
  await trainTiny({ out, steps: 2, normGroup: "auto", threads: 2, onNote });
  expect(notes).toEqual([
    expect.stringMatching(
      /^Norm groups of 16 images, which need about 0\.\d\d GB of the [\d.]+ GB that engine wasm may use$/,
    ),
  ]);
  expect((await logOf(out)).map(({ normGroup }) => normGroup)).toEqual([16, 16]);
  const { position } = await openCheckpoint(join(out, "checkpoint"));
  expect(position).toMatchObject({ recipe: { normGroup: 16, batch: 32 } });

  await trainTiny({ out, steps: 2, normGroup: "auto", threads: 1, resume: true, onNote });
  expect(notes[1]).toBe("Norm groups of 16 images, as the run began");
  await trainTiny({ out, steps: 2, normGroup: 16, resume: true });
  await expect(trainTiny({ out, steps: 2, normGroup: 8, resume: true })).rejects.toMatchObject({
    code: "train/resume",
  });
  await expect(trainTiny({ out, steps: 2, resume: true })).rejects.toMatchObject({ code: "train/resume" });
});

test("a number, or nothing, is taken as it is, and nothing is said", async () => {
  const place = { checkpoint: "none", resume: false, threads: 2, ranks: alone };
  const options = { space: tinySpace, data: images, source, recipe };
  const onNote = (): never => expect.fail();
  expect(await withNormGroup({ ...options, onNote }, place)).toEqual(recipe);
  expect(await withNormGroup({ ...options, normGroup: 24, onNote }, place)).toEqual({ ...recipe, normGroup: 24 });
});

test("where the memory isn't known, auto takes the recipe's group and says so", async () => {
  const place = { checkpoint: "none", resume: false, threads: 2, ranks: alone };
  const notes: string[] = [];
  const options = { space: tinySpace, data: images, source, recipe, engine: "node-gpu", normGroup: "auto" } as const;
  expect(await withNormGroup({ ...options, onNote: (line) => notes.push(line) }, place)).toEqual(recipe);
  expect(notes).toEqual([
    "Norm groups of 8 images, as the recipe has them: how many fit isn't known on engine node-gpu",
  ]);
});

test("the log says the number only where it was asked for: other runs keep their bytes", async () => {
  const out = await temporaryFolder();
  await trainTiny({ out, steps: 1 });
  expect((await logOf(out))[0]).not.toHaveProperty("normGroup");
});

test("a worker's memory that is too small ends train with engine/memory", async () => {
  const data = await loadDataset(source, { size: 28, channels: 1 });
  const large = { space: await loadSpace("fashion"), data, recipe: { batch: 8192 }, normGroup: 4096, steps: 1 };
  await expect(trainTiny(large)).rejects.toMatchObject({
    code: "engine/memory",
    message: expect.stringMatching(
      /^the memory of a worker of engine wasm is too small \(\d.*Use a smaller --norm-group/,
    ) as string,
  });
});
