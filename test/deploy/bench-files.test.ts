import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { anchor } from "../../src/evaluate/anchor.js";
import { UserError } from "../../src/base/user-error.js";
import { benchFiles } from "../../src/deploy/bench-files.js";
import { onnx } from "../../src/onnx/onnx.js";
import { valueInfo } from "../../src/onnx/protos.js";
import { localTarget } from "../../src/target/local.js";
import { certificatePath } from "../../src/deploy/certificate.js";
import { mockTarget } from "../../src/target/mock.js";
import { temporaryFolder } from "../temporary-folder.js";

async function files(...names: string[]): Promise<string[]> {
  const folder = await temporaryFolder();
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) await writeFile(path, anchor().bytes);
  return paths;
}

test("files are timed together on one target, in their order", async () => {
  const target = mockTarget({ name: "board", msOf: () => 4 });
  const paths = await files("one.onnx", "two.onnx");
  const found = await benchFiles(paths, { target, seed: 3, seconds: 2 });
  expect(found).toMatchObject({ target: "board", environment: { cpu: "mock" } });
  expect(found.results.map(({ name, undisturbedMs }) => [name, undisturbedMs])).toEqual(paths.map((path) => [path, 4]));
  expect(target.loaded).toBe(0);
});

test("the raw rounds are JSON lines: what they are of, then each round", async () => {
  const target = mockTarget({ msOf: ({ model }) => 2 + (model % 2) });
  const [path] = await files("one.onnx");
  const samples = join(path!, "..", "rounds.jsonl");
  const { results } = await benchFiles([path!], { target, seconds: 1, samples });
  const [head, ...rounds] = (await readFile(samples, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  expect(head).toMatchObject({ target: "mock", models: [path, "anchor"], seconds: results[0]!.seconds });
  expect(rounds).toHaveLength(results[0]!.rounds);
  expect(rounds[0]).toEqual({
    load: 0,
    atMs: expect.any(Number) as number,
    times: [Array(5).fill(2), Array(5).fill(3)],
  });
  expect(rounds.at(-1)).toMatchObject({ load: 11 });
});

test("a place that samples can't be written to is refused before anything is timed", async () => {
  const target = mockTarget({ msOf: () => 1 });
  const [path] = await files("one.onnx");
  await expect(benchFiles([path!], { target, samples: join(path!, "rounds.jsonl") })).rejects.toThrow("not writable");
  expect(target.log).toEqual([]);
});

test("samples in place of a file that is timed, or of its certificate, are refused, and both stay", async () => {
  const target = mockTarget({ msOf: () => 1 });
  const [one, two] = (await files("one.onnx", "two.onnx")) as [string, string];
  await writeFile(certificatePath(two), "{}");
  const before = await readFile(two);
  for (const samples of [two, join(two, "..", ".", "two.onnx"), certificatePath(two)]) {
    await expect(benchFiles([one, two], { target, samples })).rejects.toThrow("a file that this measurement reads");
  }
  expect([await readFile(two), await readFile(certificatePath(two), "utf8")]).toEqual([before, "{}"]);
});

test("what can't be timed is refused with its place", async () => {
  const target = mockTarget({ msOf: () => 1 });
  const folder = await temporaryFolder();
  await writeFile(join(folder, "text.onnx"), "no model at all");
  await expect(benchFiles([], { target })).rejects.toThrow("want at least one .onnx file");
  await expect(benchFiles([join(folder, "none.onnx")], { target })).rejects.toThrow("none.onnx is missing");
  await expect(benchFiles([join(folder, "text.onnx")], { target })).rejects.toThrow("text.onnx is not an ONNX file");
  expect(target.log).toEqual([]);
});

const file = (graph: onnx.IGraphProto): Uint8Array =>
  onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: { name: "g", ...graph },
  }).finish();
const [x, y] = [valueInfo("x", ["n", 3]), valueInfo("y", ["n", 3])];
const relu = { opType: "Relu", input: ["x"], output: ["y"] };
const outside = { name: "w", dims: [1], dataType: 1, dataLocation: onnx.TensorProto.DataLocation.EXTERNAL };

test.each<readonly [string, onnx.IGraphProto | undefined, string]>([
  ["no bytes", undefined, "is not an ONNX file"],
  ["two inputs", { node: [relu], input: [x, valueInfo("z", [1])], output: [y] }, "a model with 2 inputs"],
  ["bytes as input", { node: [relu], input: [valueInfo("x", [1], "uint8")], output: [y] }, "input x is UINT8"],
  [
    "an input of no shape",
    { node: [relu], input: [{ ...x, type: { tensorType: { elemType: 1 } } }], output: [y] },
    "input x has no shape",
  ],
  [
    "an input beyond memory",
    { node: [relu], input: [valueInfo("x", [2 ** 20, 2 ** 20])], output: [y] },
    "has 1,099,511,627,776 numbers",
  ],
  [
    "weights in other files",
    { node: [relu], input: [x], output: [y], initializer: [outside] },
    "weights lie in other files",
  ],
  [
    "an operator that nobody knows",
    { node: [{ ...relu, opType: "Nope" }], input: [x], output: [y] },
    "odd.onnx: model is refused by onnxruntime",
  ],
  [
    "a run that fails",
    {
      node: [{ ...relu, opType: "Reshape", input: ["x", "w"] }],
      input: [x],
      output: [y],
      initializer: [{ name: "w", dims: [1], dataType: 7, int64Data: [7] }],
    },
    "odd.onnx: the run is given up",
  ],
])("of two files the one with %s is refused by name", async (_, graph, message) => {
  const [path] = await files("good.onnx");
  const odd = join(path!, "..", "odd.onnx");
  await writeFile(odd, graph ? file(graph) : "");
  const target = localTarget({ profiles: false });
  const refused = await benchFiles([path!, odd], { target, seconds: 0.1 }).catch((error: unknown) => error);
  await target.close();
  expect(refused).toBeInstanceOf(UserError);
  expect((refused as Error).message).toContain(message);
  expect((refused as Error).message).toMatch(/^.*odd\.onnx/);
});
