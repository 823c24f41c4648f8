import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { orderedSeal, sealed } from "../../src/base/seal.js";
import { meets, parseBudget } from "../../src/search/budget.js";
import { coarseGrid } from "../../src/search/grid.js";
import { planOf } from "../../src/search/plan.js";
import type { SearchResult } from "../../src/search/search-file.js";
import { searchRun, type SearchFindings, type SearchOptions } from "../../src/search/search.js";
import { idOf, smallest } from "../../src/space/space.js";
import { mockTarget } from "../../src/target/mock.js";
import { temporaryFolder } from "../temporary-folder.js";
import { tinyRun } from "./tiny-run.js";

const run = await tinyRun();
const { space } = run.supernet;
const budgets = ["macs=120k", "parameters=6k"].map(parseBudget);

const search = async (options: Partial<SearchOptions> = {}): Promise<SearchFindings & { readonly file: string }> => {
  const file = options.file ?? join(await temporaryFolder(), "search.json");
  const found = await searchRun(run, {
    ...{ budgets, fineCandidates: 16, recalibrationImages: 300 },
    ...options,
    file,
  });
  return { ...found, file };
};
/** A device on which a child takes 1 ms for every 20 kB of its file, always. */
const board = (name = "board") => mockTarget({ name, msOf: ({ bytes }) => bytes.length / 20_000 });

const whole = await search({ file: join(run.folder, "search.json") });

test("the grid is screened first, then what the model proposes within a budget; no architecture twice, no more than asked for", () => {
  const { candidates, screeningImages } = whole.result;
  const coarse = candidates.filter(({ phase }) => phase === "coarse");
  expect(new Set(coarse.map(({ id }) => id))).toEqual(new Set(coarseGrid(space).map((point) => idOf(space, point))));
  expect(candidates.slice(0, coarse.length)).toEqual(coarse);
  const ids = candidates.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const budget of budgets) {
    const proposed = candidates.filter(({ phase, budget: text }) => phase === "fine" && text === budget.text);
    expect(proposed.length).toBeLessThanOrEqual(16);
    for (const child of proposed) expect(meets(budget, child)).toBe(true);
  }
  for (const { id, architecture, macs, parameters, inFinal, count } of candidates) {
    expect(idOf(space, architecture)).toBe(id);
    expect(planOf(run.supernet, architecture)).toMatchObject({ macs, parameters });
    const isWithin = budgets.some((budget) => meets(budget, { macs, parameters }));
    expect(count).toBe(!isWithin ? 0 : inFinal ? run.validation.length : screeningImages);
  }
});

test("what is chosen was in the final and is within its budget, as is what it is tied with; the smallest child is always in the final", () => {
  const { candidates, chosen, judgedImages } = whole.result;
  const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  expect(byId.get(idOf(space, smallest(space)))!.inFinal).toBe(true);
  expect(chosen.map(({ budget }) => budget)).toEqual(budgets.map(({ text }) => text));
  for (const [i, { id, tied }] of chosen.entries()) {
    for (const one of [id, ...tied]) {
      expect(byId.get(one)!.inFinal).toBe(true);
      expect(meets(budgets[i]!, byId.get(one)!)).toBe(true);
    }
    expect(tied).not.toContain(id);
  }
  expect(judgedImages).toBe(candidates.reduce((sum, { count }) => sum + count, 0));
  for (const { expectedAccuracy, expectedInterval } of candidates) {
    expect(expectedInterval[0]).toBeLessThanOrEqual(expectedAccuracy);
    expect(expectedInterval[1]).toBeGreaterThanOrEqual(expectedAccuracy);
  }
});

test("a run with too few validation images to tell two children apart is refused before the search, with how many it takes", async () => {
  const file = join(await temporaryFolder(), "search.json");
  const few = { ...run, validation: run.validation.slice(0, 12) };
  await expect(searchRun(few, { budgets, file })).rejects.toThrow(/is 12 of \d+ training images; want at least 30/);
  await expect(searchRun({ ...run, validation: new Uint32Array() }, { budgets, file })).rejects.toThrow(
    "want at least 30",
  );
  // A larger share would change nothing where the data set has a part for it.
  const own = { ...run, validation: run.validation.slice(0, 12), data: { ...run.data, validation: run.validation } };
  await expect(searchRun(own, { budgets, file })).rejects.toThrow(
    "Put more images into the data set's validation part",
  );
  expect(existsSync(file)).toBe(false);
});

test("the same seed gives the same bytes, another seed other proposals; without a latency budget nothing is timed", async () => {
  const again = await search();
  expect(readFileSync(again.file, "utf8")).toBe(readFileSync(whole.file, "utf8"));
  const target = board();
  const other = await search({ seed: 1, fineCandidates: 4, target });
  expect([target.log, other.result.target]).toEqual([[], undefined]);
  const proposed = ({ candidates }: SearchResult) =>
    candidates.filter(({ phase }) => phase === "fine").map(({ id }) => id);
  expect(proposed(other.result)).not.toEqual(proposed(whole.result).slice(0, 8));
});

test("a search in half precision judges files of half precision, and search.json says so", async () => {
  const half = await search({ precision: "float16", fineCandidates: 1 });
  expect(half.result.precision).toBe("float16");
  const wide = new Map(whole.result.candidates.map(({ id, fileBytes }) => [id, fileBytes]));
  for (const { id, fileBytes } of half.result.candidates) {
    if (wide.has(id)) expect(fileBytes).toBeLessThan(wide.get(id)!);
  }
});

test.each([1, 40])("cut off after %i children, a resumed search ends with the same bytes", async (kept) => {
  const file = join(await temporaryFolder(), "search.json");
  const { candidates, ...rest } = whole.result;
  writeFileSync(
    file,
    JSON.stringify(sealed({ ...rest, complete: false, candidates: candidates.slice(0, kept) }, orderedSeal)),
  );
  let judged = 0;
  await search({ file, resume: true, onCandidate: () => judged++ });
  expect(readFileSync(file, "utf8")).toBe(readFileSync(whole.file, "utf8"));
  expect(judged).toBe(candidates.length);
});

test("a search of other options, or a damaged file, is not resumed", async () => {
  const resume = (options: Partial<SearchOptions>) => search({ ...options, file: whole.file, resume: true });
  await expect(resume({ seed: 5 })).rejects.toThrow("seed is 0; want 5, as asked for now");
  await expect(resume({ opset: 13 })).rejects.toThrow("opset is not given; want 13, as asked for now");
  await expect(resume({ precision: "float16" })).rejects.toThrow('precision is not given; want "float16"');
  await expect(resume({ budgets: [parseBudget("macs=1M")] })).rejects.toThrow("budgets is");
  const file = join(await temporaryFolder(), "search.json");
  writeFileSync(file, readFileSync(whole.file, "utf8").slice(0, 5000));
  await expect(search({ file, resume: true })).rejects.toThrow("is not JSON");
  writeFileSync(file, "{}");
  await expect(search({ file, resume: true })).rejects.toThrow("complete is missing");
  writeFileSync(file, readFileSync(whole.file, "utf8").replace(/"correct": ?\d/, '"correct":9'));
  await expect(search({ file, resume: true })).rejects.toThrow("changed since it was written");
});

test("budgets that nobody can meet are refused at once, all of them, with the nearest that can; nothing is written", async () => {
  const file = join(await temporaryFolder(), "search.json");
  const error = (await search({ file, budgets: ["macs=1k", "parameters=10"].map(parseBudget) }).catch(
    (caught: unknown) => caught,
  )) as Error;
  const nearest = [...error.message.matchAll(/Use --budget (\S+) or more/g)].map(([, text]) => parseBudget(text!));
  expect(nearest.map(({ kind }) => kind)).toEqual(["macs", "parameters"]);
  for (const budget of nearest) expect(meets(budget, planOf(run.supernet, smallest(space)))).toBe(true);
  expect(existsSync(file)).toBe(false);
});

test("a latency that nobody can meet is refused after one measurement, before anything is written", async () => {
  const file = join(await temporaryFolder(), "search.json");
  const target = board();
  await expect(search({ file, budgets: [parseBudget("latency=0.01us")], target })).rejects.toThrow(
    /want at least latency=[\d.]+ms, what the smallest child needs/,
  );
  // The anchor and the smallest child.
  expect(new Set(target.log.map(({ bytes }) => bytes.length)).size).toBe(2);
  expect(target.loaded).toBe(0);
  expect(existsSync(file)).toBe(false);
});

test("under a latency budget every child is timed on the target, the finalists once more together, the chosen ones within their budgets", async () => {
  const [macs, target] = [budgets[0]!, board()];
  const sizes = whole.result.candidates.map(({ fileBytes }) => fileBytes).sort((a, b) => a - b);
  const limit = parseBudget(`latency=${(sizes[sizes.length >> 1]! / 20_000).toFixed(3)}ms`);
  const { result } = await search({ budgets: [limit, macs], fineCandidates: 2, target });
  expect(result.target).toBe("board");
  for (const { latencyMs, latencyIntervalMs, fileBytes } of result.candidates) {
    expect(latencyMs).toBeCloseTo(fileBytes / 20_000, 9);
    expect(latencyIntervalMs![0]).toBeLessThan(latencyMs!);
    expect(latencyIntervalMs![1]).toBeGreaterThan(latencyMs!);
  }
  expect(result.front.latencyMs!.length).toBeGreaterThan(0);
  const chosen = new Map(
    result.chosen.map(({ budget, id }) => [budget, result.candidates.find((one) => one.id === id)!]),
  );
  expect(chosen.get(limit.text)!.latencyMs).toBeLessThanOrEqual(limit.limit);
  expect(chosen.get(macs.text)!.macs).toBeLessThanOrEqual(macs.limit);
  // Finalists keep both figures: a resumed search proposes by the first and chooses by the second.
  for (const { inFinal, screenedLatencyMs } of result.candidates) expect(screenedLatencyMs !== undefined).toBe(inFinal);
  expect(target.loaded).toBe(0);
});

test("under budgets of several targets every child is timed on each, and a choice meets its own target's; a resume gives the same bytes", async () => {
  const file = join(await temporaryFolder(), "search.json");
  // The phone is slow where the board is fast: it likes small pictures, the board small files.
  const phone = () => mockTarget({ name: "phone", msOf: ({ bytes }) => 40 - bytes.length / 20_000 });
  const sizes = whole.result.candidates.map(({ fileBytes }) => fileBytes).sort((a, b) => a - b);
  const middle = sizes[sizes.length >> 1]! / 20_000;
  const smallestSize = sizes[0]! / 20_000;
  const limits = [`latency=${middle.toFixed(3)}ms`, `latency@phone=${(40 - smallestSize + 0.1).toFixed(3)}ms`];
  const options = { budgets: [...limits, "macs=5M"].map(parseBudget), fineCandidates: 2, file };
  const both = () => ({ target: board(), otherTargets: [phone()] });
  const targets = both();
  const { result, otherLatencies } = await search({ ...options, ...targets });
  expect(result).toMatchObject({ target: "board", otherTargets: ["phone"] });
  for (const { latencyMs, otherLatencies: others, fileBytes, inFinal } of result.candidates) {
    expect(latencyMs).toBeCloseTo(fileBytes / 20_000, 9);
    expect(others!["phone"]!.latencyMs).toBeCloseTo(40 - fileBytes / 20_000, 9);
    expect(others!["phone"]!.screenedLatencyMs !== undefined).toBe(inFinal);
  }
  expect(result.front.otherLatencies!["phone"]!.length).toBeGreaterThan(0);
  expect(result.chosen.map(({ budget }) => budget)).toEqual([...limits, "macs=5M"]);
  for (const [i, { id }] of result.chosen.entries()) {
    expect(
      meets(
        options.budgets[i]!,
        result.candidates.find((one) => one.id === id)!,
      ),
    ).toBe(true);
  }
  expect([...otherLatencies.keys()]).toEqual(["phone"]);
  for (const target of [targets.target, ...targets.otherTargets]) expect(target.loaded).toBe(0);
  const bytes = readFileSync(file, "utf8");
  const { candidates, ...rest } = result;
  const cutOff = sealed({ ...rest, complete: false, candidates: candidates.slice(0, 20) }, orderedSeal);
  writeFileSync(file, JSON.stringify(cutOff));
  await search({ ...options, ...both(), resume: true });
  expect(readFileSync(file, "utf8")).toBe(bytes);
  await expect(search({ ...options, target: board(), resume: true })).rejects.toThrow(
    /latency@phone=.* want latency of board\. Name the target phone for the search/,
  );
});

test("a search under a latency budget is resumed on the same target to the same bytes, and refused on another", async () => {
  const file = join(await temporaryFolder(), "search.json");
  const options = { budgets: [parseBudget("latency=2ms")], fineCandidates: 3, file };
  const { result } = await search({ ...options, target: board() });
  const bytes = readFileSync(file, "utf8");
  const { candidates, ...rest } = result;
  const cutOff = sealed({ ...rest, complete: false, candidates: candidates.slice(0, 20) }, orderedSeal);
  writeFileSync(file, JSON.stringify(cutOff));
  const resume = (name: string) => search({ ...options, target: board(name), resume: true });
  await expect(resume("phone")).rejects.toThrow('target is "board"; want "phone", as asked for now');
  await resume("board");
  expect(readFileSync(file, "utf8")).toBe(bytes);
});
