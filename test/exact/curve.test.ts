/** The loss curve over 200 steps of `fashion`, on every engine that is here. */
import { beforeAll, describe, expect, test, type TestContext } from "vitest";
import { curveOf, drift, otherEngines, TOLERANCE, type Curve } from "../engine/curve.js";

const STEPS = 200;
const engines = await otherEngines();

describe("on workers", () => {
  test("2 and 4 give the bytes of one", async () => {
    const one = await curveOf({ engine: "wasm", steps: STEPS });
    for (const threads of [2, 4]) expect(await curveOf({ engine: "wasm", steps: STEPS, threads })).toEqual(one);
  });
});

describe("against engine wasm, sliced", () => {
  const batch = 4;
  let wasm: Curve;
  beforeAll(async () => {
    wasm = await curveOf({ engine: "wasm", steps: STEPS, batch });
  });

  async function expectTheSame(curve: Curve, { annotate }: TestContext): Promise<void> {
    const { early, means } = drift(wasm, curve);
    await annotate(`first losses ${early.toExponential(1)}, means of 50 steps ${means.toExponential(1)} apart`);
    expect(early).toBeLessThan(TOLERANCE.early);
    expect(means).toBeLessThan(TOLERANCE.means);
  }

  test("masked execution", async (context) => {
    await expectTheSame(await curveOf({ engine: "wasm", steps: STEPS, batch, execution: "masked" }), context);
  });

  for (const { name, missing } of engines) {
    test.skipIf(missing)(`${name}${missing ? `: ${missing}` : ""}`, { timeout: 1_800_000 }, async (context) => {
      await expectTheSame(await curveOf({ engine: name, steps: STEPS, batch }), context);
    });
  }
});
