import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { orderedSeal, sealed } from "../../../src/base/seal.js";
import { UserError } from "../../../src/base/user-error.js";
import { sealedProfileOf, readLatencyProfile, writeLatencyProfile } from "../../../src/search/profile/profile-file.js";

const errors = { within10: 1, within5: 0.9, relativeRmse: 0.02, rmseMs: 0.01, rankCorrelation: 0.95 };
const profile = sealedProfileOf({
  ...{ format: 1, layerKinds: 1, target: "pi", device: "Cortex-A76", date: "2026-11-26T12:00:00.000Z" },
  environment: { cpu: "Cortex-A76", onnxruntime: "1.30.0", executionProvider: "cpu", threads: 1, cores: 4 },
  ...{ space: "fashion", spaceHash: "0".repeat(64), seed: 0, seconds: 120, passes: 8, noise: 0.004 },
  ...{
    costs: { constant: 0.02, "conv 1x1 macs": 3e-9 },
    penalty: 0.1,
    leftOutError: 0.03,
    errors,
    linearErrors: errors,
  },
  children: [
    { id: "a", use: "fitted", latencyMs: 1.5, predictedMs: 1.49 },
    { id: "b", use: "held out", latencyMs: 2.5, predictedMs: 2.6 },
  ],
});
const folder = await mkdtemp(join(tmpdir(), "nestling-profile-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
const path = join(folder, "pi.json");
await writeLatencyProfile(path, profile);
const text = await readFile(path, "utf8");

const read = async (content: string | Uint8Array): Promise<unknown> => {
  const file = join(folder, "other.json");
  await writeFile(file, content);
  return readLatencyProfile(file);
};

test("what was written is read back", async () => {
  expect(await readLatencyProfile(path)).toEqual(profile);
});

test("a file that is missing, another one, and a profile of other kinds of layer are refused, with what to do", async () => {
  await expect(readLatencyProfile(join(folder, "none.json"))).rejects.toThrow(
    "none.json is missing; want a latency profile. Measure it again: `nestling profile`.",
  );
  await expect(read('{"format": 2}')).rejects.toThrow("other.json: format is 2");
  const later = sealed({ ...profile, layerKinds: 2 }, orderedSeal);
  await expect(read(JSON.stringify(later))).rejects.toThrow(
    /layerKinds is 2; want 1, the kinds of layer that this version of nestling counts\. Measure it again/,
  );
});

test("a file with any byte changed to another digit or letter, or cut off anywhere, is refused as a mistake with a place", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: text.length - 2 }), fc.constantFrom("7", "x", "}", "cut"), async (at, how) => {
      const changed = how === "cut" ? text.slice(0, at) : text.slice(0, at) + how + text.slice(at + 1);
      // Spaces between fields carry nothing.
      if (changed === text || /\s/.test(text[at]!)) return;
      const error: unknown = await read(changed).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).code).toBe("search/profile");
      expect((error as UserError).message).toContain("other.json");
    }),
    { numRuns: 200 },
  );
});
