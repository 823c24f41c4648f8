/** The latency protocol, exact on a mock whose times are scripted; one test at the end asks the real clock. */
import { mockTarget } from "../../src/target/mock.js";
import { expect, test } from "vitest";
import { anchor } from "../../src/evaluate/anchor.js";
import { listProfiles } from "../../src/evaluate/anchor-profile.js";
import { openLatencyBench, withLatencyBench, type Effort, type LatencyOptions } from "../../src/evaluate/latency.js";
import type { Latency, Session } from "../../src/evaluate/rounds.js";
import { localTarget } from "../../src/target/local.js";
import type { MockRun, MockTarget } from "../../src/target/mock.js";
import { machine, nameOf, named, visitsOf, type Script } from "./machine.js";
import { temporaryFolder } from "../temporary-folder.js";

const measure = (
  target: MockTarget,
  names: readonly string[],
  options: LatencyOptions & { readonly effort?: Effort } = {},
): Promise<Latency[]> => {
  const { effort, ...protocol } = options;
  return withLatencyBench(target, protocol, (bench) => bench.measure(names.map(named), effort));
};

/** The runs of each load, in order: its models are numbered anew. */
function loadsOf(target: MockTarget, models: number): MockRun[][] {
  const loads: MockRun[][] = [];
  for (const run of target.log) (loads[Math.floor(run.model / models)] ??= []).push(run);
  return loads;
}

test("models that always take the same: that is every figure, and the session is as long as asked by the target's clock", async () => {
  const target = machine({ a: 3, b: 0.5 });
  const found = await measure(target, ["a", "b"]);
  for (const [i, ms] of [3, 0.5].entries()) {
    expect(found[i]).toMatchObject({
      undisturbedMs: ms,
      p50Ms: ms,
      p90Ms: ms,
      minMs: ms,
      anchorMs: 2,
      anchorSpread: 0,
    });
    expect(found[i]!.runs).toBe(5 * found[i]!.rounds);
  }
  expect(found.map(({ name }) => name)).toEqual(["a", "b"]);
  // At most one round longer: six runs of 5.5 ms.
  expect(found[0]!.seconds).toBeGreaterThanOrEqual(25);
  expect(found[0]!.seconds).toBeLessThan(25.033);
  expect(found[0]!.seconds).toBe(target.nowMs / 1000);
});

test("a session loads everything afresh twelve times, and warms up each time: first for ten runs and 25 ms, then for three runs; in between, the anchor until JavaScript is compiled", async () => {
  const target = machine({ slow: 50, fast: 0.5, anchor: 2 });
  const sessions: Session[] = [];
  await measure(target, ["slow", "fast"], { seconds: 24, onSession: (session) => sessions.push(session) });
  const loads = loadsOf(target, 3);
  expect(loads).toHaveLength(12);
  const warmUps = loads.map((runs, load) => {
    const counted = sessions[0]!.rounds.filter((round) => round.load === load).length;
    return runs.slice(0, -counted * 3 * 6).map(nameOf);
  });
  const repeated = (slow: number, fast: number, anchorRuns: number): string[] => [
    ...Array<string>(slow).fill("slow"),
    ...Array<string>(fast).fill("fast"),
    ...Array<string>(anchorRuns).fill("anchor"),
  ];
  expect(warmUps[0]).toEqual(repeated(11, 60, 23 + 1700));
  for (const later of warmUps.slice(1)) expect(later).toEqual(repeated(3, 3, 3));
});

test("the first run after loading and the time of loading are kept apart, by their medians over the loads", async () => {
  let load = 0;
  const target = machine({ a: ({ index }) => (index === 0 ? 20 + (load++ % 3) : 3) }, { loadMs: 40 });
  const [a] = await measure(target, ["a"], { seconds: 2 });
  expect(a).toMatchObject({ firstMs: 21, loadMs: 40, undisturbedMs: 3, p90Ms: 3 });
});

test("a clock that never moves ends a measurement, too", async () => {
  const target = machine({ a: 0, anchor: 0 });
  const [a] = await measure(target, ["a"], { effort: "screen" });
  expect(a!.rounds).toBe(15);
  const [b] = await measure(target, ["a"], { seconds: 1 });
  expect(b!.rounds).toBe(12 * 2000);
});

test.each([10, 0.1])("the run after another model's is not counted, were it %f × as long", async (factor) => {
  const first =
    (ms: number): Script =>
    ({ streak }) =>
      streak === 0 ? factor * ms : ms;
  const target = machine({ a: first(3), b: first(1), anchor: first(2) });
  const found = await measure(target, ["a", "b"], { seconds: 2 });
  expect(found.map(({ undisturbedMs, p90Ms, minMs }) => [undisturbedMs, p90Ms, minMs])).toEqual([
    [3, 3, 3],
    [1, 1, 1],
  ]);
});

test("a machine that is 1.8 × slower nearly always: the undisturbed latency is exact, p50 and p90 are as they were", async () => {
  const slowdown = (nowMs: number): number => (nowMs % 5000 < 300 ? 1 : 1.8);
  const target = machine({ a: ({ nowMs }) => 3 * slowdown(nowMs), anchor: ({ nowMs }) => 2 * slowdown(nowMs) });
  const [a] = await measure(target, ["a"]);
  expect(a).toMatchObject({ undisturbedMs: 3, minMs: 3, anchorMs: 2 });
  expect(a!.p50Ms).toBeCloseTo(5.4, 12);
  expect(a!.p90Ms).toBeCloseTo(5.4, 12);
  expect(a!.anchorSpread).toBeCloseTo(0.8, 12);
});

test("one quiet moment in a slow session: the figure may be luck, and the interval says so", async () => {
  const quietFor = (ms: number) => (nowMs: number) => (nowMs > 9000 && nowMs < 9000 + ms ? 3 : 5.4);
  const found = async (ms: number): Promise<Latency> => {
    const script = quietFor(ms);
    return (await measure(machine({ a: ({ nowMs }) => script(nowMs) }), ["a"]))[0]!;
  };
  const [lucky, quiet] = [await found(700), await found(20_000)];
  expect(lucky.undisturbedMs).toBe(3);
  expect(lucky.repeatability).toBeGreaterThan(0.5);
  expect(quiet.undisturbedMs).toBe(3);
  expect(quiet.repeatability).toBeLessThan(0.05);
});

test("what slows a model alone is its latency: no anchor takes it away", async () => {
  const target = machine({ a: 5.4 });
  for (const effort of ["screen", "decide"] as const) {
    const [a] = await measure(target, ["a"], { effort });
    expect(a!.undisturbedMs).toBeCloseTo(5.4, 12);
  }
});

test("screenings are short and refer to the anchor, which is timed once; the times as they were are beside", async () => {
  let slowdown = 1;
  const target = machine({ a: () => 3 * slowdown, anchor: () => 2 * slowdown });
  const bench = await openLatencyBench(target);
  await bench.measure([named("a")], "screen");
  for (slowdown of [1.8, 1, 0.6]) {
    const before = target.nowMs;
    const [a] = await bench.measure([named("a")], "screen");
    expect(a!.undisturbedMs).toBeCloseTo(3, 12);
    expect(a).toMatchObject({ p50Ms: 3 * slowdown, minMs: 3 * slowdown, rounds: 15, runs: 75 });
    expect(a!.anchorMs * a!.scale).toBeCloseTo(2, 12);
    // Warming up, and 15 rounds of six runs.
    expect(target.nowMs - before).toBeLessThan(600 * slowdown + 105);
  }
  // A screening is less sure than a session.
  const [screened] = await bench.measure([named("a")], "screen");
  const [decided] = await bench.measure([named("a")]);
  expect(screened!.repeatability).toBeGreaterThan(decided!.repeatability);
});

test("a session that lies wholly in a slow stretch knows it from the anchor's fastest time on the same bench", async () => {
  let slowdown = 1;
  const target = machine({ a: () => 3 * slowdown, anchor: () => 2 * slowdown });
  const bench = await openLatencyBench(target);
  await bench.measure([named("a")], "screen");
  slowdown = 1.8;
  const [slow] = await bench.measure([named("a")]);
  expect(slow!.undisturbedMs).toBeCloseTo(5.4, 12);
  expect(slow!.repeatability).toBeCloseTo(0.8, 12);
  slowdown = 1;
  expect((await bench.measure([named("a")]))[0]!.repeatability).toBeCloseTo(0.0105, 12);
});

/** A machine that slows everything by a factor that the test sets, and keeps profiles in a folder of its own. */
async function changing(): Promise<(by: number) => MockTarget> {
  const profiles = await temporaryFolder();
  return (by) => machine({ a: 3 * by, b: 0.5 * by, anchor: 2 * by }, { profiles });
}

test("a session of a machine that runs slower as a whole refers to what earlier sessions know of the anchor", async () => {
  const slowed = await changing();
  const [first] = await measure(slowed(1), ["a"]);
  expect(first).toMatchObject({ undisturbedMs: 3, scale: 1, profileSessions: 1 });
  // A session alone doesn't know whether its machine ran as fast as it can.
  expect(first!.repeatability).toBeGreaterThan(0.1);
  for (let session = 2; session <= 8; session++) await measure(slowed(1), ["a"]);
  const [slow, other] = await measure(slowed(1.09), ["a", "b"]);
  expect(slow).toMatchObject({ profileSessions: 9, anchorMs: 2.18 });
  expect(slow!.p50Ms).toBeCloseTo(3.27, 12);
  expect(slow!.scale).toBeCloseTo(1 / 1.09, 12);
  expect(slow!.undisturbedMs).toBeCloseTo(3, 12);
  expect(other!.undisturbedMs).toBeCloseTo(0.5, 12);
  const [quiet] = await measure(slowed(1), ["a"]);
  expect(quiet).toMatchObject({ undisturbedMs: 3, scale: 1, profileSessions: 10 });
  // It is less sure of what it had to explain away.
  expect(slow!.repeatability).toBeGreaterThan(quiet!.repeatability);
  expect(slow!.repeatability).toBeLessThan(0.08);
});

test("screenings refer to the same latency of the anchor as sessions do", async () => {
  const slowed = await changing();
  for (let session = 0; session < 4; session++) await measure(slowed(1), ["a"]);
  const bench = await openLatencyBench(slowed(1.5));
  const [screened] = await bench.measure([named("a")], "screen");
  const [decided] = await bench.measure([named("a")]);
  for (const found of [screened!, decided!]) {
    expect(found.undisturbedMs).toBeCloseTo(3, 12);
    expect(found.anchorMs * found.scale).toBeCloseTo(2, 12);
  }
  expect(screened!.profileSessions).toBe(4);
});

test("a search on a machine that isn't known: its photo finish refers to the anchor that its screenings refer to", async () => {
  let slowdown = 1;
  const target = machine(
    { a: () => 0.3 * slowdown, anchor: () => 0.2 * slowdown },
    { profiles: await temporaryFolder() },
  );
  const bench = await openLatencyBench(target);
  const [screened] = await bench.measure([named("a")], "screen");
  slowdown = 1.09;
  const [decided] = await bench.measure([named("a")]);
  expect([screened!.profileSessions, decided!.profileSessions]).toEqual([1, 2]);
  expect(screened!.undisturbedMs).toBeCloseTo(0.3, 12);
  expect(decided!.undisturbedMs).toBeCloseTo(0.3, 12);
});

test("too few rounds tell nothing of the machine: they are neither scaled nor kept, and the interval reaches as far as the anchor is slow", async () => {
  const profiles = await temporaryFolder();
  const slowed = (by: number): MockTarget => machine({ a: 0.3 * by, anchor: 0.2 * by }, { profiles });
  await measure(slowed(1), ["a"]);
  const kept = await listProfiles(profiles);
  expect(kept).toHaveLength(1);
  const [few] = await measure(slowed(20), ["a"], { seconds: 12 });
  expect(few!.rounds).toBeLessThan(250);
  expect(few).toMatchObject({ undisturbedMs: 6, scale: 1, profileSessions: 0 });
  expect(few!.repeatability).toBeCloseTo(19, 12);
  // A short session is scaled, and not kept.
  const [scaled] = await measure(slowed(1.1), ["a"], { seconds: 1.9 });
  expect(scaled!.undisturbedMs).toBeCloseTo(0.3, 12);
  expect(await listProfiles(profiles)).toEqual(kept);
});

test("a target that keeps no profile measures as if it were the first time, always", async () => {
  for (const by of [1, 1.09]) {
    const [a] = await measure(machine({ a: 3 * by, anchor: 2 * by }), ["a"]);
    expect(a).toMatchObject({ undisturbedMs: 3 * by, scale: 1, profileSessions: 0 });
    expect(a!.repeatability).toBeLessThan(0.02);
  }
});

test("a round visits every model and the anchor once, six runs each, in fresh order; the order follows from the seed", async () => {
  const orders = async (seed: number): Promise<string[]> => {
    const target = machine({ a: 3, b: 2 });
    await measure(target, ["a", "b"], { seed, effort: "screen" });
    const visits = visitsOf(target.log.slice(-15 * 18), 6);
    const rounds = Array.from({ length: visits.length / 3 }, (_, round) => visits.slice(3 * round, 3 * round + 3));
    for (const round of rounds) expect([...round].sort()).toEqual(["a", "anchor", "b"]);
    return rounds.map((round) => round.join());
  };
  const first = await orders(0);
  expect(first).toHaveLength(15);
  expect(new Set(first).size).toBeGreaterThan(3);
  expect(await orders(0)).toEqual(first);
  expect(await orders(1)).not.toEqual(first);
});

test("a second measurement of a bench draws other orders, so that no order repeats the same advantage", async () => {
  const target = machine({ a: 3, b: 2 });
  await withLatencyBench(target, {}, async (bench) => {
    const orderOf = async (): Promise<string> => {
      await bench.measure(["a", "b"].map(named), "screen");
      return visitsOf(target.log.slice(-15 * 18), 6).join();
    };
    expect(await orderOf()).not.toBe(await orderOf());
  });
});

test("every model is released: after measuring, when one is refused, when a run fails, and when the anchor fails", async () => {
  let broken = "";
  const fails =
    (name: string): Script =>
    () => {
      if (broken === name) throw new Error(`${name} fails`);
      return 2;
    };
  const target = machine({ a: fails("a"), anchor: fails("anchor") });
  const bench = await openLatencyBench(target, { seconds: 1 });
  for (const effort of ["screen", "decide"] as const) {
    broken = "";
    await bench.measure(["a", "a", "b"].map(named), effort);
    await expect(bench.measure(["a", "refused"].map(named), effort)).rejects.toThrow("refused by the mock");
    for (broken of ["a", "anchor"]) {
      await expect(bench.measure(["b", "a"].map(named), effort)).rejects.toThrow(`${broken} fails`);
    }
    expect(target.loaded).toBe(0);
  }
});

test("on this machine's own clock the anchor as a candidate takes what the anchor takes", async () => {
  await withLatencyBench(localTarget({ profiles: false }), { seconds: 1 }, async (bench) => {
    expect(bench.environment).toMatchObject({ threads: 1, executionProvider: "cpu", node: process.version });
    for (const effort of ["screen", "decide"] as const) {
      const [itself] = await bench.measure([{ name: "anchor", ...anchor() }], effort);
      const { undisturbedMs, anchorMs, intervalMs, repeatability } = itself!;
      expect(Math.abs(undisturbedMs / anchorMs - 1)).toBeLessThan(Math.max(0.3, repeatability));
      expect(intervalMs[0]).toBeLessThan(undisturbedMs);
      expect(intervalMs[1]).toBeGreaterThan(undisturbedMs);
    }
  });
});

test("a session says how the device was before and after it, where it shows that; a screening does not look", async () => {
  const stateOf = (nowMs: number) => ({ temperatureC: nowMs < 1000 ? 50 : 80, throttling: [] });
  const model = { name: "a", bytes: new Uint8Array(1), dims: [1] };
  const bench = await openLatencyBench(mockTarget({ msOf: () => 1, stateOf }), { seconds: 2 });
  expect((await bench.measure([model], "screen"))[0]).not.toHaveProperty("state");
  const hot = mockTarget({ msOf: () => 1, stateOf });
  const [measured] = await (await openLatencyBench(hot, { seconds: 2 })).measure([model]);
  expect(measured!.state).toEqual({ before: stateOf(0), after: stateOf(2000) });
  const [silent] = await (await openLatencyBench(mockTarget({ msOf: () => 1 }), { seconds: 2 })).measure([model]);
  expect(silent).not.toHaveProperty("state");
});
