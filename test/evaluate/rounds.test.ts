import { expect, test } from "vitest";
import { latenciesOf, type Round } from "../../src/evaluate/rounds.js";
import { repeatabilityOf } from "../../src/evaluate/undisturbed.js";

/** A round of two models and the anchor. */
const round = (load: number, ...times: readonly (readonly number[])[]): Round => ({ load, atMs: 0, times });

const rounds = [
  round(0, [6, 5, 4], [0.5], [1, 1, 9]),
  round(0, [7, 100, 8], [0.5], [2]),
  round(1, [3, 9, 9], [0.5], [3]),
  round(1, [50, 50, 50], [0.5], [1.5]),
];
const starts = [[{ loadMs: 7, firstMs: 9 }], [{ loadMs: 7, firstMs: 9 }], [{ loadMs: 1, firstMs: 2 }]];
const session = { names: ["a", "b"], seconds: 2, starts, rounds };

test("a round counts by its median, p50, p90 and the fastest by single runs as they were", () => {
  const [a, b] = latenciesOf(session, 0);
  const repeatability = repeatabilityOf(
    [
      [5, 8],
      [9, 50],
    ],
    0,
  );
  expect(a).toEqual({
    ...{ name: "a", undisturbedMs: 5, repeatability, intervalMs: [5 * (1 - repeatability), 5 * (1 + repeatability)] },
    // 3 4 5 6 7 8 9 9 50 50 50 100
    ...{ p50Ms: 8.5, p90Ms: 50, minMs: 3, firstMs: 9, loadMs: 7, seconds: 2, rounds: 4, runs: 12 },
    quantilesMs: [3, 3, 4, 4, 5, 5, 6, 7, 7, 8, 8, 9, 9, 9, 50, 50, 50, 50, 50, 100, 100],
    courseMs: [5, 8, 9, 50],
    // The anchor's rounds take 1, 2, 3 and 1.5 ms.
    ...{ anchorMs: 1, anchorSpread: 2, scale: 1, profileSessions: 0 },
  });
  expect(b).toMatchObject({ name: "b", undisturbedMs: 0.5, p50Ms: 0.5, p90Ms: 0.5, minMs: 0.5, runs: 4 });
});

test("where the anchor's undisturbed latency is known, the figure refers to it; the times stay as they were", () => {
  const [own] = latenciesOf(session, 0);
  const [a] = latenciesOf(session, 0, { referenceMs: 0.5 });
  expect(a).toMatchObject({
    undisturbedMs: 2.5,
    anchorMs: 1,
    scale: 0.5,
    p50Ms: own!.p50Ms,
    p90Ms: own!.p90Ms,
    minMs: 3,
    firstMs: 9,
    loadMs: 7,
  });
});

test("where the anchor was faster in another session, the interval reaches as far as the machine may be slow", () => {
  const [a, b] = latenciesOf(session, 0, { fastestMs: 0.2 });
  expect(a).toMatchObject({ undisturbedMs: 5, repeatability: 4, intervalMs: [0, 25] });
  expect(b).toMatchObject({ undisturbedMs: 0.5, repeatability: 4 });
  expect(latenciesOf(session, 0, { fastestMs: 1 })).toEqual(latenciesOf(session, 0));
});

test("by the anchor, what slows both in a load is no reason for a wide interval; what is unexplained is", () => {
  const slowdowns = [1, 1.5, 1.2, 1.1, 1.4, 1.3];
  const disturbed = {
    ...{ names: ["a"], seconds: 1, starts: starts.slice(1) },
    rounds: slowdowns.flatMap((by, load) => Array.from({ length: 60 }, () => round(load, [6 * by], [2 * by]))),
  };
  const [asMeasured] = latenciesOf(disturbed, 0);
  const [byAnchor] = latenciesOf(disturbed, 0, { referenceMs: 2, sessions: 7 });
  expect(asMeasured!.repeatability).toBeGreaterThan(0.1);
  expect(byAnchor!.repeatability).toBeCloseTo(0.01 + 0.0005 / 6, 12);
  expect(byAnchor).toMatchObject({ undisturbedMs: 6, scale: 1, profileSessions: 7 });
  const [unsure] = latenciesOf(disturbed, 0, { referenceMs: 2, sessions: 7, unexplained: 0.05 });
  expect(unsure!.repeatability).toBeCloseTo(Math.hypot(0.01 + 0.0005 / 6, 0.05), 12);
});
