/** A data set is its fingerprint: it may move, be spelled otherwise, and no file that ships says where it was. */
import { cp, readFile, rename } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { nameOfSource } from "../../src/data/load.js";
import { exportChild } from "../../src/deploy/export-child.js";
import { openRun } from "../../src/run/run.js";
import { smallest } from "../../src/space/space.js";
import { mockTarget } from "../../src/target/mock.js";
import { temporaryFolder } from "../temporary-folder.js";
import { trainTiny } from "../train/tiny.js";

const steps = 2;

/** A project folder with images and a run of them, in places of their own. */
async function project(): Promise<{ folder: string; images: string; out: string }> {
  const folder = join(await temporaryFolder(), "jane-doe");
  const [images, out] = [join(folder, "images"), join(folder, "run")];
  await cp("fixtures/fashion-mnist", images, { recursive: true });
  await trainTiny({ out, steps, source: relative(".", images) });
  return { folder, images, out };
}

test("a run resumes with its data set spelled otherwise, or moved", async () => {
  const { folder, images, out } = await project();
  for (const source of [`${images}/`, relative(".", images), join(images, "../images/")])
    expect((await trainTiny({ out, steps, source, resume: true })).steps).toBe(steps);
  await rename(images, join(folder, "elsewhere"));
  await expect(openRun(out)).rejects.toMatchObject({
    code: "data/moved",
    message: expect.stringMatching(/is no longer at .*images; want .*--data FOLDER/) as string,
  });
  await trainTiny({ out, steps, source: join(folder, "elsewhere"), resume: true });
  expect((await openRun(out)).data.test.count).toBe(2000);
});

test("a run finds its data set from any folder, and where both have moved together", async () => {
  const { folder, images, out } = await project();
  expect(JSON.parse(await readFile(join(out, "data.json"), "utf8"))).toEqual({
    ...{ format: 1, source: images, fromRun: "../images" },
  });
  await rename(folder, `${folder}-moved`);
  expect((await openRun(`${folder}-moved/run`)).data.test.count).toBe(2000);
});

test("no file that ships says where the data was", async () => {
  const { folder, out } = await project();
  const run = await openRun(out);
  const file = join(folder, "child.onnx");
  await exportChild(run, smallest(run.supernet.space), { out: file, target: mockTarget({ msOf: () => 1 }) });
  for (const path of [file, join(folder, "child.json"), join(out, "checkpoint/checkpoint.json")])
    expect((await readFile(path)).includes("jane-doe"), path).toBe(false);
});

test("a data set's name is the last part of its place", () => {
  const names = { "/home/jane/photos/": "photos", "mnist:/x/y": "mnist", "fashion-mnist": "fashion-mnist" };
  for (const [source, name] of Object.entries(names)) expect(nameOfSource(source)).toBe(name);
});
