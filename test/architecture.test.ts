/**
 * The folders of docs/architecture.md: imports, of types too, point only up its table, and no file imports itself through others.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

/** A row: a room, and the rooms that it may import. */
interface Room {
  readonly name: string;
  readonly above: readonly string[];
}

const rooms: readonly Room[] = readFileSync(resolve(import.meta.dirname, "../docs/architecture.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `src/"))
  .map((line) => {
    const cells = line.split("|").map((cell) => cell.trim());
    return { name: /src\/([\w.]+)/.exec(cells[1]!)![1]!, above: cells[4]!.split(", ").filter((name) => name !== "-") };
  });

/** A room may import the rooms of its row and what those may import. */
const allowed = new Map<string, ReadonlySet<string>>();
for (const { name, above } of rooms) {
  const names = above.includes("all") ? [...allowed.keys()] : above;
  allowed.set(name, new Set([name, ...names, ...names.flatMap((other) => [...(allowed.get(other) ?? [])])]));
}

const source = resolve(import.meta.dirname, "../src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts") && !name.includes("/kernels/"),
);

/** `from "…"`, `import "…"`, `import("…")`: what a file imports, re-exports or loads. */
const importsIn = (text: string): string[] =>
  [...text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, path]) => path!);

/** By file, the files of src that it imports. */
const imports = new Map(
  files.map((file) => [
    file,
    importsIn(readFileSync(join(source, file), "utf8"))
      .filter((path) => path.startsWith("."))
      .map((path) => relative(source, resolve(source, file, "..", path)).replace(/\.js$/, ".ts")),
  ]),
);
const roomOf = (file: string): string => file.split("/")[0]!;

test("every way to import is seen", () => {
  const text = `import "./a.js"; import x from "./b.js"; export * from "./c.js"; await import("./d.js"); type E = import("./e.js").E;`;
  expect(importsIn(text)).toEqual(["./a.js", "./b.js", "./c.js", "./d.js", "./e.js"]);
});

test("the table has every room, below the rooms that it names", () => {
  expect(rooms.map(({ name }) => name).sort()).toEqual([...new Set(files.map(roomOf))].sort());
  const known = new Set(["all"]);
  for (const { name, above } of rooms) {
    expect(
      above.filter((other) => !known.has(other)),
      name,
    ).toEqual([]);
    known.add(name);
  }
});

test("imports point only up the table", () => {
  const wrong = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((target) => !allowed.get(roomOf(file))?.has(roomOf(target)))
      .map((target) => `${file} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test("no file imports itself through others, types included", () => {
  expect(cyclesOf(imports)).toEqual([]);
  const one = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["c", ["b"]],
    ["d", []],
  ]);
  expect(cyclesOf(one)).toEqual(["b → c → b"]);
});

/** Each cycle that a walk in depth closes, once. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, above: readonly string[]): void => {
    if (above.includes(file)) {
      cycles.push([...above.slice(above.indexOf(file)), file].join(" → "));
      return;
    }
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) walk(target, [...above, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return cycles;
}

test("only src/onnx/onnx.ts knows the protobuf package, only src/runtime knows onnxruntime", () => {
  const importers = (name: string): string[] =>
    files.filter((file) => importsIn(readFileSync(join(source, file), "utf8")).includes(name));
  expect(importers("onnx-proto")).toEqual(["onnx/onnx.ts"]);
  // What is deployed to Node runs without nestling.
  expect(importers("onnxruntime-node").sort()).toEqual([
    "format/code/node/classify.ts",
    "install/onnxruntime-check.ts",
    "runtime/onnxruntime.ts",
  ]);
});

test("only src/target opens onnxruntime to time a model; what else opens it measures no time", () => {
  const openers = ["runtime/session.ts", "runtime/run-batches.ts"];
  const importers = files.filter((file) => imports.get(file)!.some((path) => openers.includes(path)));
  expect(importers.filter((file) => !/^(target|runtime)\//.test(file)).sort()).toEqual([
    // The ways of a choice, measured passes, and the children of a search.
    "compile/outputs-over.ts",
    // Whether a file loads.
    "deploy/verify-file.ts",
    // Versions and providers.
    "doctor/doctor.ts",
    // Whether a picture gives what is certified of it.
    "format/pixels/compare-pixels.ts",
    // Answers requests.
    "serve/session-worker.ts",
  ]);
  const clock = /performance\.now|hrtime|Date\.now/;
  const timed = ["compile/", "evaluate/", "search/", "deploy/"];
  const clocks = files.filter(
    (file) => timed.some((room) => file.startsWith(room)) && clock.test(readFileSync(join(source, file), "utf8")),
  );
  expect(clocks).toEqual([]);
});
