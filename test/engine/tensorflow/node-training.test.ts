/** Training on engine node: bit for bit whatever the workers, and the loss curve of engine wasm. */
import { describe, expect, test } from "vitest";
import { installCommand, isOwnBuild, locate } from "../../../src/engine/tensorflow/locate.js";
import { loadDataset } from "../../../src/data/load.js";
import { loadSpace } from "../../../src/space/load.js";
import { loadRecipe, recipeSchema } from "../../../src/train/recipe.js";
import { train } from "../../../src/train/train.js";
import type { LogLine } from "../../../src/train/log.js";
import { checkpointBytes, logOf, temporaryFolder, trainTiny } from "../../train/tiny.js";

describe.skipIf(locate("node").length === 0)(`engine node (${installCommand("node")})`, () => {
  test.skipIf(!isOwnBuild("node"))(
    "1, 2 and 4 workers, masked and sliced: the same bytes and the same log",
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

  /**
   * Float32 sums run in another order on each engine, and a step carries the last one's rounding on: the first steps agree closely, and
   * from there curves agree in the mean. Two seeds of one engine differ by ten times as much.
   */
  test("the loss curve of engine wasm, over 200 steps on the fashion space", { timeout: 600_000 }, async () => {
    const space = await loadSpace("fashion");
    const data = await loadDataset("fixtures/fashion-mnist", { size: space.resolutions.at(-1)!, channels: 1 });
    const recipe = recipeSchema.parse({ ...(await loadRecipe("short")), batch: 4, normGroup: 4 });
    const curves: LogLine[][] = [];
    for (const engine of ["wasm", "node"]) {
      const lines: LogLine[] = [];
      const common = { space, data, source: "fixtures/fashion-mnist", recipe, seed: 3, threads: 1 };
      await train({ ...common, engine, steps: 200, out: await temporaryFolder(), onLog: (line) => lines.push(line) });
      curves.push(lines);
    }
    const [wasm, node] = curves as [LogLine[], LogLine[]];
    expect(wasm).toHaveLength(200);
    for (const role of ["biggest", "smallest", "random"] as const) {
      const loss = (lines: LogLine[]): number[] => lines.map((line) => line[role]!.loss);
      const [wanted, found] = [loss(wasm), loss(node)];
      for (let i = 0; i < 5; i++) expect(Math.abs(found[i]! / wanted[i]! - 1), `${role} ${i}`).toBeLessThan(1e-3);
      const mean = (losses: number[], from: number): number =>
        losses.slice(from, from + 50).reduce((sum, x) => sum + x, 0) / 50;
      for (const from of [0, 50, 100, 150])
        expect(Math.abs(mean(found, from) / mean(wanted, from) - 1), `${role} from ${from}`).toBeLessThan(0.05);
    }
  });
});
