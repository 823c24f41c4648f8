import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  deviceOf,
  keepSession,
  listProfiles,
  profilePath,
  readProfile,
  unexplainedBy,
  withSession,
  type AnchorProfile,
} from "../../src/evaluate/anchor-profile.js";
import { environmentHere } from "../../src/target/environment.js";
import { temporaryFolder } from "../temporary-folder.js";

const environment = environmentHere();
const device = deviceOf("local", environment);
const date = "2026-11-26T12:00:00.000Z";

/** The reference after each of the sessions. */
function referencesOf(latencies: readonly number[]): number[] {
  let profile: AnchorProfile | undefined;
  return latencies.map((anchorMs) => (profile = withSession(device, profile, { date, anchorMs })).referenceMs);
}

test("the reference is the lower quartile of the sessions, and stays while the quartile is within 2 %", () => {
  expect(referencesOf([100, 100, 90, 100, 100])).toEqual([100, 100, 90, 90, 90]);
  // One session among five is no quartile.
  expect(referencesOf([100, 100, 100, 100, 90, 90])).toEqual([100, 100, 100, 100, 100, 90]);
  expect(referencesOf([100, 99, 98.1])).toEqual([100, 100, 100]);
  expect(referencesOf([100, 98])).toEqual([100, 98]);
});

test("a machine that has become slower moves the reference only when its last 30 sessions all are", () => {
  const found = referencesOf([100, ...Array<number>(40).fill(110)]);
  expect(found.slice(0, 30)).toEqual(Array(30).fill(100));
  expect(found.slice(30)).toEqual(Array(11).fill(110));
  // A session every now and then as fast as before keeps it.
  expect(referencesOf(Array.from({ length: 90 }, (_, i) => (i % 20 === 0 ? 100 : 110))).at(-1)).toBe(100);
});

test("a profile is as sure as its sessions are many and alike, and a session as it is near to them", () => {
  const of = (...latencies: number[]): AnchorProfile => ({
    ...{ format: 1, device, referenceMs: 100 },
    sessions: latencies.map((anchorMs) => ({ date, anchorMs })),
  });
  expect(unexplainedBy(of(100), 100)).toBeCloseTo(0.1, 12);
  expect(unexplainedBy(of(100, 100, 100, 100), 100)).toBeCloseTo(0.025, 12);
  const many = Array<number>(30).fill(100);
  expect(unexplainedBy(of(...many), 110)).toBeCloseTo(Math.hypot(0.7 * Math.log(1.1), 0.1 / 30), 12);
  expect(unexplainedBy(of(...many.map((ms, i) => (i % 2 ? 110 : ms))), 100)).toBeGreaterThan(0.03);
});

test("a session is kept, and read again for this device alone", async () => {
  const folder = await temporaryFolder();
  const first = await keepSession(folder, device, 2, new Date(date));
  expect(first).toEqual({ format: 1, device, referenceMs: 2, sessions: [{ date, anchorMs: 2 }] });
  const second = await keepSession(folder, device, 2.01, new Date(date));
  expect(second.sessions).toHaveLength(2);
  expect(await readProfile(profilePath(folder, device))).toEqual(second);
  for (const other of [
    deviceOf("local:threads=2", { ...environment, threads: 2 }),
    deviceOf("local", { ...environment, cpu: "another" }),
    deviceOf("local", { ...environment, cores: 99 }),
    deviceOf("local", { ...environment, onnxruntime: "0.1" }),
    deviceOf("local", { ...environment, node: "v99.1.0" }),
  ]) {
    expect(await readProfile(profilePath(folder, other))).toBeUndefined();
  }
  const [major] = /^v\d+/.exec(environment.node)!;
  expect(deviceOf("local", { ...environment, node: `${major}.0.1` })).toEqual(device);
  expect((await keepSession(folder, deviceOf("other", environment), 3, new Date(date))).sessions).toHaveLength(1);
  expect((await listProfiles(folder)).map(({ profile }) => profile.referenceMs).sort()).toEqual([2, 3]);
});

test.each(["", "{", "null", "[]", '{"format":1}', '{"format":2,"referenceMs":1,"sessions":[]}'])(
  "a profile that reads %j is ignored and written anew",
  async (content) => {
    const folder = await temporaryFolder();
    const path = profilePath(folder, device);
    await writeFile(path, content);
    expect(await readProfile(path)).toBeUndefined();
    expect(await listProfiles(folder)).toEqual([]);
    const kept = await keepSession(folder, device, 2, new Date(date));
    expect(kept.sessions).toHaveLength(1);
    expect(await readProfile(path)).toEqual(kept);
  },
);

test("a profile edited to a latency of nothing is ignored", async () => {
  const folder = await temporaryFolder();
  const { referenceMs: _, ...profile } = await keepSession(folder, device, 2, new Date(date));
  await writeFile(profilePath(folder, device), JSON.stringify({ ...profile, referenceMs: 0 }));
  expect(await readProfile(profilePath(folder, device))).toBeUndefined();
});

test("sessions that end at once leave one whole profile and nothing beside it", async () => {
  const folder = await temporaryFolder();
  const kept = await Promise.all(
    Array.from({ length: 40 }, (_, i) => keepSession(folder, device, 2 + i, new Date(date))),
  );
  const left = JSON.parse(await readFile(profilePath(folder, device), "utf8")) as AnchorProfile;
  expect(kept).toContainEqual(left);
  expect(await readdir(folder)).toHaveLength(1);
});

test("where nothing can be written a session still has its profile, and there is none without a folder", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "");
  const kept = await keepSession(join(folder, "file"), device, 2, new Date(date));
  expect(kept.sessions).toHaveLength(1);
  expect(await readdir(folder)).toEqual(["file"]);
  expect(await listProfiles(join(folder, "none"))).toEqual([]);
});
