import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { doctor, type Finding } from "../../src/doctor/doctor.js";
import { engines } from "../../src/engine/choose.js";
import { deviceOf, keepSession, profilePath } from "../../src/evaluate/anchor-profile.js";
import { environmentHere } from "../../src/target/environment.js";
import { defaultProfiles } from "../../src/target/local.js";
import { temporaryFolder } from "../temporary-folder.js";

afterEach(() => vi.unstubAllEnvs());

test("every engine is looked at; what is missing says how to get it", { timeout: 120_000 }, async () => {
  const findings = await doctor();
  for (const { name, install } of engines) {
    const found = findings.find((finding) => finding.name === `engine ${name}`);
    expect(found, name).toBeDefined();
    if (found!.detail.startsWith("to install it")) expect(found!.detail).toContain(install);
  }
  expect(findings.find(({ name }) => name === "engine wasm")).toMatchObject({ state: "present" });
  expect(findings.map(({ name }) => name)).toEqual(expect.arrayContaining(["Node", "cores", "onnxruntime"]));
});

test("a latency profile is shown with its place and what it holds; where there is none, the place", async () => {
  const cache = await temporaryFolder();
  vi.stubEnv("XDG_CACHE_HOME", cache);
  const found = async (): Promise<Finding[]> =>
    (await doctor()).filter(({ name }) => name.startsWith("latency profile"));
  expect(await found()).toMatchObject([{ state: "missing", detail: expect.stringContaining(cache) as string }]);
  const device = deviceOf("local", environmentHere());
  for (const ms of [0.05, 0.0536, 0.051]) await keepSession(defaultProfiles(), device, ms, new Date("2026-11-26"));
  const [profile, ...more] = await found();
  expect(more).toEqual([]);
  expect(profile).toMatchObject({ name: "latency profile local", state: "present" });
  const { detail } = profile!;
  expect(detail).toContain("anchor 0.050 ms, 0.050 ms to 0.054 ms in 3 sessions until 2026-11-26");
  expect(detail).toContain(profilePath(join(cache, "nestling", "latency"), device));
});
