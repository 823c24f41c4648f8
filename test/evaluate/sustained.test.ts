/** A lasting load, exact on a mock whose times are scripted. */
import { expect, test } from "vitest";
import { timeSustained } from "../../src/evaluate/sustained.js";
import { mockTarget, type MockRun } from "../../src/target/mock.js";
import { named } from "./machine.js";

const at = { seconds: 60, seed: 0 };

test("a device that slows from the twentieth second on by a half: the end against the start is that, the course shows when", async () => {
  const msOf = ({ nowMs }: MockRun): number => (nowMs < 20_000 ? 2 : 3);
  const target = mockTarget({ msOf });
  const found = await timeSustained(target, named("child"), at);
  expect(found).toMatchObject({ name: "child", startMs: 2, endMs: 3, ratio: 1.5, ratioInterval: [1.5, 1.5] });
  expect(found.seconds).toBeGreaterThanOrEqual(60);
  expect(found.seconds).toBeLessThan(60.04);
  expect(found.courseMs[0]).toBe(2);
  expect(found.courseMs.at(-1)).toBe(3);
  expect(found.courseMs.filter((ms) => ms === 2).length).toBeGreaterThanOrEqual(3);
  expect(target.loaded).toBe(0);
  // No pause, and hardly a run that is not counted.
  expect(target.log.every(({ idleMs }) => idleMs === 0)).toBe(true);
  expect(found.runs).toBeGreaterThan(0.85 * target.log.filter(({ nowMs }) => nowMs > 2000).length);
});

test("what disturbs three of four moments changes neither end", async () => {
  const msOf = ({ nowMs }: MockRun): number => (Math.floor(nowMs / 200) % 4 === 1 ? 1 : 9);
  const found = await timeSustained(mockTarget({ msOf }), named("child"), at);
  expect(found).toMatchObject({ startMs: 1, endMs: 1, ratio: 1 });
});

test("it says how the device was before and after", async () => {
  const target = mockTarget({ msOf: () => 1, stateOf: (nowMs) => ({ temperatureC: 40 + nowMs / 1000 }) });
  const { state, seconds } = await timeSustained(target, named("child"), at);
  expect(state!.after.temperatureC! - state!.before.temperatureC!).toBeGreaterThanOrEqual(seconds);
});

test("a signal ends it, and a target that starts a program for each visit is refused", async () => {
  const target = mockTarget({ msOf: () => 1 });
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(timeSustained(target, named("child"), { ...at, signal })).rejects.toThrow("enough");
  expect(target.loaded).toBe(0);
  const program = { ...target, loadsEachVisit: true };
  await expect(timeSustained(program, named("child"), at)).rejects.toThrow("for a sustained load");
});
