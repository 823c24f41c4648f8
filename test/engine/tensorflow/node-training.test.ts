/** Training on engine node: bit for bit equal for any number of workers, with the same loss curve as engine wasm. */
import { describe, expect, test } from "vitest";
import { installCommand, isOwnBuild, locate } from "../../../src/engine/tensorflow/locate.js";
import { curveOf, drift, TOLERANCE } from "../curve.js";
import { checkpointBytes, logOf, trainTiny } from "../../train/tiny.js";

describe.skipIf(locate("node").length === 0)(`engine node (${installCommand("node")})`, () => {
  test.skipIf(!isOwnBuild("node"))(
    "1, 2 and 4 workers give the same bytes and the same log, masked and sliced",
    async () => {
      for (const execution of ["sliced", "masked"] as const) {
        const runs = [];
        for (const threads of [1, 2, 4]) {
          const { out, engine } = await trainTiny({ steps: 4, threads, engine: "node", execution });
          expect(engine).toMatch(/^node \(TensorFlow/);
          runs.push({ bytes: await checkpointBytes(out), log: await logOf(out) });
        }
        expect(runs[1]).toEqual(runs[0]);
        expect(runs[2]).toEqual(runs[0]);
      }
    },
  );

  test("the loss curve equals engine wasm's over 200 steps on the fashion space", { timeout: 600_000 }, async () => {
    const [wasm, node] = [
      await curveOf({ engine: "wasm", steps: 200, batch: 4 }),
      await curveOf({ engine: "node", steps: 200, batch: 4 }),
    ];
    const { early, means } = drift(wasm, node);
    expect(early).toBeLessThan(TOLERANCE.early);
    expect(means).toBeLessThan(TOLERANCE.means);
  });
});
