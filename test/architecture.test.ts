/** Imports point only up the table of design.md: what stands further down knows what stands above, never the other way. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const allowed: Record<string, readonly string[]> = {
  base: [],
  graph: [],
  onnx: [],
  runtime: ["base"],
  ranks: ["base"],
  space: ["base"],
  supernet: ["base", "graph", "space"],
  engine: ["base", "graph"],
  install: ["base", "engine"],
  data: ["base"],
  checkpoint: ["base"],
  train: ["base", "ranks", "graph", "space", "supernet", "engine", "data", "checkpoint"],
  run: ["base", "space", "supernet", "checkpoint", "data"],
  compile: ["base", "graph", "space", "supernet", "data", "checkpoint", "run", "onnx", "runtime"],
  evaluate: ["base", "graph", "data", "onnx", "compile", "runtime"],
  search: ["base", "graph", "space", "supernet", "data", "run", "compile", "evaluate", "runtime"],
  deploy: ["base", "space", "checkpoint", "data", "run", "onnx", "compile", "evaluate", "search", "runtime"],
  report: ["base", "space", "checkpoint", "train", "search", "deploy"],
  cli: [
    "base",
    "graph",
    "space",
    "supernet",
    "engine",
    "install",
    "data",
    "train",
    "run",
    "compile",
    "evaluate",
    "search",
    "deploy",
    "report",
    "runtime",
    "ranks",
  ],
};

const source = resolve(import.meta.dirname, "../src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts") && !name.includes("wasm/kernels/"),
);

test("imports point only up the table", () => {
  const wrong: string[] = [];
  for (const file of files) {
    const folder = file.split("/")[0]!;
    if (folder === "index.ts") continue;
    const text = readFileSync(join(source, file), "utf8");
    for (const [, path] of text.matchAll(/from "(\.[^"]+)"/g)) {
      const target = relative(source, resolve(source, file, "..", path!)).split("/")[0]!;
      if (target !== folder && !allowed[folder]?.includes(target)) wrong.push(`${file} imports ${path!}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("only src/onnx/onnx.ts knows the protobuf package, only src/runtime knows onnxruntime", () => {
  const importers = (name: string): string[] =>
    files.filter((file) => readFileSync(join(source, file), "utf8").includes(`from "${name}"`));
  expect(importers("onnx-proto")).toEqual(["onnx/onnx.ts"]);
  expect(importers("onnxruntime-node")).toEqual(["runtime/session.ts"]);
});
