import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256Of } from "../../../src/base/hash.js";
import { untrainedCompiler } from "../../../src/compile/untrained-child.js";
import { anchor } from "../../../src/evaluate/anchor.js";
import { planOf, type Plan } from "../../../src/search/plan.js";
import { designOf } from "../../../src/search/profile/design.js";
import { readLatencyProfile } from "../../../src/search/profile/profile-file.js";
import { profileTarget, type ProfileOptions } from "../../../src/search/profile/profile-target.js";
import { loadSpace } from "../../../src/supernet/spaces.js";
import { buildSupernet } from "../../../src/supernet/supernet.js";
import { mockTarget, type MockRun, type MockTarget } from "../../../src/target/mock.js";
import { temporaryFolder } from "../../temporary-folder.js";

const space = await loadSpace("fixtures/spaces/tiny.json");
const supernet = buildSupernet(space);
const design = designOf(space, (architecture) => planOf(supernet, architecture).layers, { children: 24, seed: 0 });
const compile = untrainedCompiler(supernet);
const ofAnchor = sha256Of(anchor().bytes);

/** A device on which the kinds of layer have costs of their own: 7 × as dear per MAC in a depthwise 5x5 as in a 1x1, and dear calls of `swish`. */
const msOf = ({ layers }: Plan): number =>
  1 +
  1e-4 * (layers["conv 1x1 macs"] ?? 0) +
  7e-4 * (layers["depthwise 5x5 macs"] ?? 0) +
  2e-4 * (layers["depthwise 3x3 macs"] ?? 0) +
  0.8 * (layers["swish calls"] ?? 0);
const known = new Map(
  await Promise.all(
    [...design.fitted, ...design.heldOut].map(
      async (architecture) => [sha256Of(await compile(architecture)), msOf(planOf(supernet, architecture))] as const,
    ),
  ),
);
/** It changes its speed every three seconds, and one run in 40 takes twice as long. */
const device = (
  slower = (run: MockRun) => (1 + (0.4 * (Math.floor(run.nowMs / 3000) % 3)) / 2) * (run.index % 40 === 7 ? 2 : 1),
) =>
  mockTarget({
    name: "board",
    msOf: (run) => {
      const hash = sha256Of(run.bytes);
      return (hash === ofAnchor ? 1 : known.get(hash)!) * slower(run);
    },
  });
const profile = (target: MockTarget, options: Partial<ProfileOptions> = {}) =>
  profileTarget(space, { target, children: 24, seconds: 20, ...options });

test("costs that differ by kind of layer are found on a device whose speed changes: held-out children within 3 %, in their order", async () => {
  const target = device();
  const found = await profile(target);
  expect(found).toMatchObject({ target: "board", space: "tiny", spaceHash: space.hash, seed: 0 });
  expect(found.passes).toBeGreaterThanOrEqual(3);
  expect(found.seconds).toBeGreaterThanOrEqual(20);
  expect(found.noise).toBeLessThan(0.02);
  expect(found.errors).toMatchObject({ within10: 1, within5: 1 });
  expect(found.errors.relativeRmse).toBeLessThan(0.03);
  expect(found.errors.rankCorrelation).toBeGreaterThan(0.9);
  // The work of the whole child can't say which kernel it went to.
  expect(found.errors.relativeRmse).toBeLessThan(0.5 * found.linearErrors.relativeRmse);
  const ids = (use: string) => found.children.filter((child) => child.use === use).length;
  expect([ids("fitted"), ids("held out")]).toEqual([24, 12]);
  expect(target.loaded).toBe(0);
});

test("the same seed and times give the same profile, and the file holds what the call returns", async () => {
  const out = join(await temporaryFolder(), "deeper/board.json");
  const [one, two] = [await profile(device(), { out }), await profile(device())];
  const timeless = ({ date: _, sha256: __, ...rest }: typeof one): object => rest;
  expect(timeless(two)).toEqual(timeless(one));
  expect(await readLatencyProfile(out)).toEqual(one);
});

test("a clock too coarse for a child, a place that can't be written and a signal end it; no file, no model is left", async () => {
  const out = join(await temporaryFolder(), "board.json");
  const coarse = device(() => 0);
  await expect(profile(coarse, { out })).rejects.toThrow(/on board is faster than the target's clock can tell/);
  const unused = device();
  await expect(profile(unused, { out: "/dev/null/board.json" })).rejects.toThrow("not writable");
  expect(unused.log).toEqual([]);
  const controller = new AbortController();
  const ended = device();
  await expect(
    profile(ended, { out, signal: controller.signal, onSession: () => controller.abort(new Error("enough")) }),
  ).rejects.toThrow("enough");
  for (const target of [coarse, ended]) expect(target.loaded).toBe(0);
  expect(existsSync(out)).toBe(false);
});
