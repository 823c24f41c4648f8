/** One search over several precisions: each architecture judged in all, the choice in one, and why. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { orderedSeal, sealed } from "../../src/base/seal.js";
import { search } from "../../src/deploy/search-and-export.js";
import { compiler, compilerOfEach } from "../../src/compile/compile-child.js";
import { mayMeet, parseBudgets } from "../../src/search/budget.js";
import { candidateOf, screenedOf } from "../../src/search/candidate.js";
import { precisionsOf } from "../../src/compile/precisions.js";
import { finalists } from "../../src/search/final.js";
import { judgeOf } from "../../src/search/judge.js";
import { comparePrecisions } from "../../src/search/compare-precisions.js";
import { searchRun, type SearchOptions } from "../../src/search/search.js";
import { architectureIn, subjectOf, subjectsOf } from "../../src/search/subject.js";
import { biggest, idOf, smallest } from "../../src/space/space.js";
import { mockTarget } from "../../src/target/mock.js";
import { writeReport } from "../../src/report/write-report.js";
import { temporaryFolder } from "../temporary-folder.js";
import { tinyRun } from "./tiny-run.js";

const run = await tinyRun();
const { space } = run.supernet;
/** A device on which a child takes 1 ms for every 20 kB of its file: of these tiny children, whose int8 files are larger, float32 is the faster. */
const slowInt8 = () => mockTarget({ name: "board", msOf: ({ bytes }) => bytes.length / 20_000 });
/** One that computes whole numbers ten times as fast. */
const msOf = (bytes: Uint8Array): number =>
  bytes.length / (Buffer.from(bytes).includes("DequantizeLinear") ? 200_000 : 20_000);
const board = () => mockTarget({ name: "board", msOf: ({ bytes }) => msOf(bytes) });
const precision = ["int8-x64", "float32"] as const;
const shared = { fineCandidates: 2, recalibrationImages: 100, seconds: 0.1, precision };
const searched = (file: string, options: Partial<SearchOptions> = {}) =>
  searchRun(run, { ...shared, budgets: parseBudgets(["latency=0.3ms", "macs=5M"]), target: board(), ...options, file });

const file = join(run.folder, "search.json");
const { result } = await searched(file);
const byId = new Map(result.candidates.map((candidate) => [candidate.id, candidate]));

test("each architecture is judged in each precision, by the latency and accuracy of that very file", () => {
  expect([result.precision, result.precisions]).toEqual([undefined, ["float32", "int8-x64"]]);
  const architectures = new Set(result.candidates.map(({ id }) => architectureIn(id)));
  expect(result.candidates).toHaveLength(2 * architectures.size);
  for (const id of architectures) {
    const [wide, int8] = [byId.get(`${id}.float32`)!, byId.get(`${id}.int8-x64`)!];
    expect([wide.precision, int8.precision]).toEqual(["float32", "int8-x64"]);
    expect([wide.macs, wide.architecture]).toEqual([int8.macs, int8.architecture]);
    expect(int8.sha256).not.toBe(wide.sha256);
    expect(wide.latencyMs).toBeCloseTo(wide.fileBytes / 20_000, 9);
    expect(int8.latencyMs).toBeCloseTo(int8.fileBytes / 200_000, 9);
    // The final measures what a precision gains and loses together.
    expect(int8.inFinal).toBe(wide.inFinal);
  }
});

test("the choice is a child in a precision within the budget; fronts name both", () => {
  const [byLatency, byMacs] = result.chosen.map(({ id }) => byId.get(id)!);
  expect(byLatency!.latencyMs).toBeLessThanOrEqual(0.3);
  expect(byLatency!.precision).toBe("int8-x64");
  expect(byId.get(result.front.latencyMs![0]!)!.precision).toBe("int8-x64");
  // A precision costs no MACs: of one architecture the more accurate is taken.
  const beside = result.candidates.find(
    ({ id }) => id !== byMacs!.id && architectureIn(id) === architectureIn(byMacs!.id),
  )!;
  expect(byMacs!.expectedAccuracy).toBeGreaterThanOrEqual(beside.expectedAccuracy);
});

test("why a precision was chosen is said by the figures of the same child in each", () => {
  const [byLatency, byMacs] = comparePrecisions(result);
  expect(byLatency).toMatch(
    /^latency=0\.3ms: \w+ has [\d.]+ % at [\d.]+ms \([\d,]+ bytes\) in int8-x64; [\d.]+ % at [\d.]+ms \([\d,]+ bytes\) in float32\. In float32 it misses the budget\.$/,
  );
  expect(byMacs).toMatch(/ ms \(.* costs the same under this budget as (int8-x64|float32) and gains [\d.]+ points\.$/);
  const { precisions: _, ...one } = result;
  expect(comparePrecisions(one)).toEqual([]);
});

test("a search over several is resumed to the same bytes, and in its precisions alone", async () => {
  const cut = join(await temporaryFolder(), "search.json");
  const { candidates, ...rest } = result;
  const seal = sealed({ ...rest, complete: false, candidates: candidates.slice(0, 31) }, orderedSeal);
  writeFileSync(cut, JSON.stringify(seal));
  // Their order changes nothing.
  await searched(cut, { resume: true, precision: ["float32", "int8-x64"] });
  expect(readFileSync(cut, "utf8")).toBe(readFileSync(file, "utf8"));
  await expect(searched(cut, { resume: true, precision: "int8-x64" })).rejects.toThrow(
    'precision is not given; want "int8-x64", as asked for now',
  );
  await expect(searched(cut, { precision: ["float32", "float32"] })).rejects.toThrow(
    "--precision is float32,float32; want one or several, each once",
  );
});

test("files and certificates of the chosen children say their precision, and so does the report", async () => {
  const out = await temporaryFolder();
  const budgets = parseBudgets(["latency=0.6ms"]);
  const written: string[] = [];
  for (const [target, precision, ending] of [
    [slowInt8(), "float32", ".onnx"],
    [board(), "int8-x64", ".int8-x64.onnx"],
  ] as const) {
    const { children, earlier } = await search(run, { ...shared, budgets, target, out });
    const [{ path, certificate }] = children as [(typeof children)[0]];
    expect(path).toBe(join(out, "children", `latency-0.6ms${ending}`));
    // The file in the precision that was chosen before stays, and is named.
    expect(earlier).toEqual(written);
    written.push(path);
    for (const kept of written) expect(existsSync(kept)).toBe(true);
    expect([certificate.precision, certificate.provenance.precision]).toEqual([precision, precision]);
    const page = readFileSync(await writeReport(out), "utf8");
    expect(page).toContain(` bytes) in ${precision}; `);
    expect(page).toContain("float32, int8-x64");
    expect(page.split("not by the last search").length - 1).toBe(earlier.length);
  }
});

test("what loses too much is not in the final and not chosen, and search.json says so", async () => {
  const judgeable = subjectsOf(space, smallest(space), ["float32", "int8-x64"]);
  const children = compilerOfEach(run, { recalibrationImages: 100, maxLoss: -50 });
  const judge = judgeOf(run, ({ architecture, precision }) => children(precision!).compile(architecture), {
    ...{ screeningImages: 40, benches: [] },
    isWithin: () => true,
  });
  const [wide, int8] = [await judge.screen(judgeable[0]!), await judge.screen(judgeable[1]!)];
  expect([wide.losesTooMuch, int8.losesTooMuch]).toEqual([undefined, true]);
  expect(int8.hits).toHaveLength(40);
  const belief = { mean: Float64Array.of(0.8, 0.9), covariance: [Float64Array.of(1, 0), Float64Array.of(0, 1)] };
  const budget = parseBudgets(["macs=5M"])[0]!;
  const may = [wide, int8].map((child) => mayMeet(budget, child));
  expect(finalists([wide.id, int8.id], belief, [may], [wide.id, int8.id])).toEqual([0]);
  const judged = { ...int8, phase: "coarse", inFinal: false } as const;
  expect(screenedOf(candidateOf(judged, 0.9, 0), 40).losesTooMuch).toBe(true);
  await expect(searched(file, { maxLoss: 101 })).rejects.toThrow("--max-loss is 101; want points from 0 to 100");
  await expect(searched(file, { maxLoss: 1, precision: "float16" })).rejects.toThrow(
    "--max-loss is given with --precision float16; want --precision int8",
  );
});

test("a subject's id says its architecture and its precision, and is read back; with one precision it is the architecture's", () => {
  const architecture = biggest(space);
  const id = idOf(space, architecture);
  expect(subjectsOf(space, architecture, ["float16"])).toEqual([{ id, architecture }]);
  for (const subject of subjectsOf(space, architecture, ["float32", "int8-x64-vnni"])) {
    expect(subjectOf(space, subject.id)).toEqual(subject);
  }
  expect(() => subjectOf(space, `${id}.int4`)).toThrow('the precision is "int4"');
  expect(precisionsOf(["int8-x64", "float32"])).toEqual(["float32", "int8-x64"]);
});

test("an architecture is recalibrated once in an open run, for all its precisions and compilations; a run opened anew gives the same files", async () => {
  const options = { recalibrationImages: 100 };
  const compilers = compilerOfEach(run, options);
  const [first, second] = [smallest(space), biggest(space)];
  const wide = await compilers("float32").compile(first);
  const half = await compilers("float16").compile(first);
  expect(half.statistics).toBe(wide.statistics);
  const other = await compilers("float16").compile(second);
  expect(other.statistics).not.toBe(wide.statistics);
  const again = await compilers("float32").compile(first);
  expect(again.statistics).toBe(wide.statistics);
  expect(again.sha256).toBe(wide.sha256);
  const exported = await compiler(run, options).compile(first);
  expect(exported.statistics).toBe(wide.statistics);
  const fewer = await compiler(run, { recalibrationImages: 99 }).compile(first);
  expect(fewer.statistics).not.toEqual(wide.statistics);
  for (const [child, architecture] of [
    [half, first],
    [other, second],
  ] as const) {
    const alone = await compiler({ ...run }, { ...options, precision: "float16" }).compile(architecture);
    expect(alone.statistics).not.toBe(child.statistics);
    expect(child.sha256).toBe(alone.sha256);
  }
});
