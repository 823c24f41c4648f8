/** What workers answer goes into certificates: it is checked as they are. */
import { expect, test } from "vitest";
import { openLatencyBench } from "../../src/evaluate/latency.js";
import { anchor } from "../../src/evaluate/anchor.js";
import { resultSchemas } from "../../src/queue/jobs.js";
import { mockTarget } from "../../src/target/mock.js";

test("a session's latencies pass as they were measured; with a field that is none, or one that is no number, they don't", async () => {
  const target = mockTarget({ name: "board", msOf: () => 2, stateOf: () => ({ temperatureC: 40 }) });
  const bench = await openLatencyBench(target, { seconds: 1 });
  const measured = JSON.parse(JSON.stringify(await bench.measure([{ name: "9j", ...anchor() }]))) as object[];
  expect(resultSchemas.decide.parse(measured)).toEqual(measured);
  const wrong = [{ more: "text" }, { p50Ms: "2" }, { quantilesMs: ["2"] }, { numerics: { maxDifference: 0 } }];
  for (const field of wrong) {
    expect(resultSchemas.decide.safeParse([{ ...measured[0]!, ...field }]).success, JSON.stringify(field)).toBe(false);
  }
});
