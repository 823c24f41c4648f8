/** A search by a profile of its target: what is the profile's part, and what isn't. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { orderedSeal, sealed } from "../../../src/base/seal.js";
import { describeModel } from "../../../src/onnx/decode.js";
import { parseBudget } from "../../../src/search/budget.js";
import { planOf, type Plan } from "../../../src/search/plan.js";
import { fitCosts } from "../../../src/search/profile/cost-model.js";
import { sealedProfileOf, type LatencyProfile } from "../../../src/search/profile/profile-file.js";
import { searchRun, type SearchFindings, type SearchOptions } from "../../../src/search/search.js";
import { biggest, idOf, sample, smallest, type Architecture } from "../../../src/space/space.js";
import { mockTarget, type MockTarget } from "../../../src/target/mock.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { tinyRun } from "../tiny-run.js";

const run = await tinyRun();
const { space } = run.supernet;
const plan = (architecture: Architecture): Plan => planOf(run.supernet, architecture);

/** Depthwise 5x5 is dear, 3x3 cheap: the work of a child as a whole doesn't tell which it has. */
const msOf = ({ layers }: Pick<Plan, "layers">): number =>
  1 + 1e-4 * (layers["conv 1x1 macs"] ?? 0) + 8e-4 * (layers["depthwise 5x5 macs"] ?? 0);
const board = (): MockTarget =>
  mockTarget({
    name: "board",
    msOf({ bytes }) {
      const text = describeModel(bytes)!.metadata.get("nestling.architecture");
      return text === undefined ? 1 : msOf(plan(JSON.parse(text) as Architecture));
    },
  });

const samples = Array.from({ length: 40 }, (_, i) => sample(space, random("by-profile", i)));
const measured = samples.map((architecture) => {
  const child = plan(architecture);
  return { id: idOf(space, architecture), ...child, latencyMs: msOf(child) };
});
const errors = { within10: 1, within5: 1, relativeRmse: 0, rmseMs: 0, rankCorrelation: 1 };
const profileOf = (fields: Partial<LatencyProfile> = {}): LatencyProfile =>
  sealedProfileOf({
    ...{ format: 1, layerKinds: 1, target: "board", device: "mock", date: "2026-11-26T12:00:00.000Z" },
    environment: { cpu: "mock", onnxruntime: "none", executionProvider: "mock", threads: 1 },
    ...{ space: space.name, spaceHash: space.hash, seed: 0, seconds: 1, passes: 3, noise: 0 },
    ...fitCosts(measured),
    ...{ errors, linearErrors: errors },
    children: measured.map(({ id, latencyMs }) => ({ id, use: "fitted", latencyMs, predictedMs: latencyMs })),
    ...fields,
  });

const limit = (msOf(plan(smallest(space))) + msOf(plan(biggest(space)))) / 3;
const budgets = [parseBudget(`latency=${limit.toFixed(3)}ms`)];
const search = async (options: Partial<SearchOptions> = {}): Promise<SearchFindings & { readonly file: string }> => {
  const file = options.file ?? join(await temporaryFolder(), "search.json");
  const target = options.target ?? board();
  const found = await searchRun(run, {
    ...{ budgets, fineCandidates: 4, recalibrationImages: 32 },
    ...options,
    ...{ target, file },
  });
  return { ...found, file };
};
test("a profile that is wrong orders badly and decides nothing: what is chosen meets the budget as measured", async () => {
  const upsideDown = profileOf({ costs: { constant: 20, "conv 1x1 macs": -1e-4 } });
  const { result } = await search({ profiles: [upsideDown] });
  const [choice] = result.chosen;
  const child = result.candidates.find(({ id }) => id === choice!.id)!;
  expect(child.latencyMs).toBeCloseTo(msOf(plan(child.architecture)), 9);
  expect(child.latencyMs).toBeLessThanOrEqual(limit);
});

test("it is resumed with the same profile to the same bytes; without it and with another one it is another search", async () => {
  const first = await search({ profiles: [profileOf()] });
  const bytes = readFileSync(first.file, "utf8");
  const { candidates, ...rest } = first.result;
  const cutOff = sealed({ ...rest, complete: false, candidates: candidates.slice(0, 20) }, orderedSeal);
  writeFileSync(first.file, JSON.stringify(cutOff));
  const resume = (profiles: readonly LatencyProfile[]) => search({ file: first.file, resume: true, profiles });
  await expect(resume([])).rejects.toThrow(/profiles is .* want not given, as asked for now/);
  await expect(resume([profileOf({ seed: 1 })])).rejects.toThrow("profiles is");
  await resume([profileOf()]);
  expect(readFileSync(first.file, "utf8")).toBe(bytes);
});

test("profiles of another space, of a target without a budget, and two of one target are refused before anything is timed", async () => {
  const target = board();
  const refused = (profiles: readonly LatencyProfile[], options: Partial<SearchOptions> = {}) =>
    expect(search({ target, profiles, ...options })).rejects;
  await refused([profileOf({ spaceHash: "0".repeat(64), space: "another" })]).toThrow(
    /profile of board is of the space another, 000000000000; want tiny, /,
  );
  await refused([profileOf({ target: "phone" })]).toThrow(
    "profile of phone is of a target without a latency budget; want board",
  );
  await refused([profileOf()], { budgets: [parseBudget("macs=120k")] }).toThrow("want a latency budget");
  await refused([profileOf(), profileOf({ seed: 1 })]).toThrow("profile of board is given twice");
  expect(target.log).toEqual([]);
});

test("a profile of another runtime is used, and that is said", async () => {
  const notes: string[] = [];
  const environment = { cpu: "mock", onnxruntime: "1.0.0", executionProvider: "mock", threads: 1 };
  await search({ fineCandidates: 1, profiles: [profileOf({ environment })], onNote: (line) => notes.push(line) });
  expect(notes.filter((note) => note.includes("profile"))).toEqual([
    "The profile of board is of another device or runtime (onnxruntime 1.0.0, now none). It orders candidates; measuring decides.",
  ]);
});
