/** Output of real programs as published or recorded here (recorded/): trtexec, perf_test of several versions, benchmark_app. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readers, type ReaderName } from "../../../src/target/command/readers.js";

const recorded = (name: string): Promise<string> =>
  readFile(join(import.meta.dirname, "recorded", `${name}.txt`), "utf8");

test.each<[ReaderName, string, number, number | undefined, number | undefined]>([
  ["trtexec", "trtexec", 0.179932, undefined, 12.7],
  ["onnxruntime_perf_test", "perf-test-old", 58.7108, undefined, 1841.49],
  ["onnxruntime_perf_test", "perf-test", 1.85674, 2, 10.2016],
  ["benchmark_app", "benchmark-app-2026.4", 0.06834, 1.1, 29.29],
])("%s, %s: median, first run and load, in ms", async (name, file, median, firstMs, loadMs) => {
  const timing = readers[name](await recorded(file))!;
  expect(timing.times).toHaveLength(1);
  expect(timing.times[0]).toBeCloseTo(median, 9);
  for (const [found, wanted] of [
    [timing.firstMs, firstMs],
    [timing.loadMs, loadMs],
  ]) {
    if (wanted === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(wanted, 9);
  }
});

test("JSON lines: numbers, lists, objects; other lines are skipped", () => {
  const lines = [
    "loading",
    "1.5",
    "[2, 2.5]",
    '{"ms": 3, "first": 9}',
    '{"ms": [4], "load": 20}',
    "",
    "null",
    '"5"',
    "-1",
  ];
  expect(readers.milliseconds(lines.join("\n"))).toEqual({ times: [1.5, 2, 2.5, 3, 4], firstMs: 9, loadMs: 20 });
});

test("output without times is not read as any", () => {
  for (const name of Object.keys(readers) as ReaderName[]) {
    for (const text of ["", "Segmentation fault", "Latency: none"]) expect(readers[name](text)).toBeUndefined();
  }
});
