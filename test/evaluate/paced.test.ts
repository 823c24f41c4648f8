/** A pace, exact on a mock whose times are scripted. */
import { expect, test } from "vitest";
import { timePaced } from "../../src/evaluate/paced.js";
import { mockTarget } from "../../src/target/mock.js";
import { machine, nameOf, named } from "./machine.js";

const at = { seconds: 20, seed: 0 };

test("a model that takes three times as long after a pause has that ratio, and runs begin as far apart as the pace says", async () => {
  const target = machine({ child: ({ idleMs }) => (idleMs > 0 ? 3 : 1) });
  const [found] = await timePaced(target, [named("child")], { ...at, everyMs: 40 });
  expect(found).toMatchObject({ name: "child", everyMs: 40, p50Ms: 3, p90Ms: 3, ratio: 3, lateShare: 0 });
  expect(found!.ratioInterval).toEqual([3, 3]);
  // A visit with pauses is six runs, and as many follow without: 249 ms, of which five runs count.
  expect(found!.seconds).toBeGreaterThanOrEqual(20);
  expect(found!.seconds).toBeLessThan(20.25);
  expect(found!.runs).toBe(5 * Math.ceil(20_000 / 249));
  const paused = target.log.filter(({ idleMs }) => idleMs > 0);
  expect(paused).toHaveLength((6 * found!.runs) / 5);
  for (const [i, { nowMs }] of paused.entries()) {
    if (i % 6 > 0) expect(nowMs - paused[i - 1]!.nowMs).toBe(40);
  }
  expect(target.loaded).toBe(0);
});

test("a model slower than the pace runs without a pause, and all its runs are late", async () => {
  const target = machine({ slow: 50, fast: 1 });
  const [slow, fast] = await timePaced(target, [named("slow"), named("fast")], { ...at, everyMs: 40 });
  expect(slow).toMatchObject({ p50Ms: 50, ratio: 1, lateShare: 1 });
  expect(fast).toMatchObject({ p50Ms: 1, ratio: 1, lateShare: 0 });
  // Only the first run of a visit can come too early for the pace.
  const paused = target.log.filter((run) => nameOf(run) === "slow" && run.idleMs > 0);
  expect(paused).toHaveLength(slow!.runs / 5);
});

test("however short, each model is visited three times; a signal ends it; the models are released", async () => {
  const target = machine({ child: 1 });
  const [found] = await timePaced(target, [named("child")], { seed: 0, seconds: 0, everyMs: 1000 });
  expect(found!.runs).toBe(15);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(timePaced(target, [named("child")], { ...at, everyMs: 40, signal })).rejects.toThrow("enough");
  expect(target.loaded).toBe(0);
});

test("a target that starts a program for each visit is refused", async () => {
  const target = { ...mockTarget({ name: "board", msOf: () => 1 }), loadsEachVisit: true };
  await expect(timePaced(target, [named("child")], { ...at, everyMs: 40 })).rejects.toThrow(
    "target board is a program that is started for each visit; want a target that holds models, for a pace",
  );
});
