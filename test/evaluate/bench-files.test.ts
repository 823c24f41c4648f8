import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { anchor } from "../../src/evaluate/anchor.js";
import { benchFiles } from "../../src/evaluate/bench-files.js";
import { mockTarget } from "../../src/target/mock.js";
import { temporaryFolder } from "../temporary-folder.js";

async function files(...names: string[]): Promise<string[]> {
  const folder = await temporaryFolder();
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) await writeFile(path, anchor().bytes);
  return paths;
}

test("files are timed together on one target, in their order; a file differs from itself by nothing where nothing is noisy", async () => {
  const target = mockTarget({ name: "board", msOf: () => 4 });
  const paths = await files("one.onnx", "two.onnx");
  const found = await benchFiles(paths, { target, seed: 3 });
  expect(found).toMatchObject({ target: "board", environment: { cpu: "mock" }, anchorMs: 4, noise: 0 });
  expect(found.results.map(({ name, p50Ms }) => [name, p50Ms])).toEqual(paths.map((path) => [path, 4]));
  expect(target.loaded).toBe(0);
});

test("noise is how far the first file differs from itself", async () => {
  // Loaded are the anchor, the file, and the file again, which is 10 % slower here.
  const target = mockTarget({ msOf: ({ model }) => (model === 2 ? 2.2 : 2) });
  const { noise, results } = await benchFiles(await files("one.onnx"), { target });
  expect(noise).toBeCloseTo(0.1, 12);
  expect(results[0]!.p50Ms).toBe(2);
});

test("what can't be timed is refused with its place", async () => {
  const target = mockTarget({ msOf: () => 1 });
  const folder = await temporaryFolder();
  await writeFile(join(folder, "text.onnx"), "no model at all");
  await expect(benchFiles([], { target })).rejects.toThrow("want at least one .onnx file");
  await expect(benchFiles([join(folder, "none.onnx")], { target })).rejects.toThrow("none.onnx is missing");
  await expect(benchFiles([join(folder, "text.onnx")], { target })).rejects.toThrow(
    "want an ONNX model with one float input",
  );
  expect(target.log).toEqual([]);
});
