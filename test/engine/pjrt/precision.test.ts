/** `--precision-train`: taken where the engine has it, kept by the checkpoint. */
import "./quick-compile.js";
import { describe, expect, test } from "vitest";
import { checkPrecision, engines } from "../../../src/engine/choose.js";
import { trainingPrecisions } from "../../../src/engine/engine.js";
import { logOf, temporaryFolder, trainTiny } from "../../train/tiny.js";
import { plugins } from "./plugins.js";

test("an engine takes the precisions that it has", () => {
  for (const { name, precisions } of engines) {
    expect(precisions[0]).toBe("float32");
    for (const precision of trainingPrecisions) {
      const check = (): void => checkPrecision(name, precision);
      if (precisions.includes(precision)) expect(check).not.toThrow();
      else
        expect(check).toThrow(`--precision-train is ${precision}; want ${precisions.join(" or ")} on engine ${name}`);
    }
  }
});

describe.each(plugins.slice(0, 1))("$name", ({ path, missing }) => {
  test.skipIf(missing)("a run in bf16 learns nearly what one in float32 does, and is resumed in bf16", async () => {
    const run = { engine: `pjrt:${path}`, recipe: { batch: 8, normGroup: 8 }, steps: 2 };
    const [exact, rounded] = [await temporaryFolder(), await temporaryFolder()];
    await trainTiny({ ...run, out: exact });
    await trainTiny({ ...run, out: rounded, precision: "bf16" });
    const [wanted, found] = [await logOf(exact), await logOf(rounded)].map((log) => log.at(-1)!.biggest!.loss);
    expect(found).not.toBe(wanted);
    expect(Math.abs(found! - wanted!) / wanted!).toBeLessThan(0.05);
    await expect(trainTiny({ ...run, out: rounded, resume: true })).rejects.toThrow(
      'precision is "float32"; want "bf16", as the run began',
    );
    await trainTiny({ ...run, out: rounded, precision: "bf16", resume: true });
  });
});
