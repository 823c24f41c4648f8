/** The loss curve over 200 steps of `fashion`, on every engine that is here. */
import { beforeAll, expect, test } from "vitest";
import { apart, curveOf, otherEngines, type Curve } from "../engine/curve.js";

const STEPS = 200;
const TOLERANCE = 1e-2;

let wasm: Curve;
beforeAll(async () => {
  wasm = await curveOf({ engine: "wasm", steps: STEPS });
}, 600_000);

test.for([2, 4])("%i workers give the bytes of one", async (threads) => {
  expect(await curveOf({ engine: "wasm", steps: STEPS, threads })).toEqual(wasm);
});

test("masked execution has the loss curve of sliced", async ({ annotate }) => {
  const difference = apart(wasm, await curveOf({ engine: "wasm", steps: STEPS, execution: "masked" }));
  await annotate(`largest difference ${difference.toExponential(1)} × (1 + loss)`);
  expect(difference).toBeLessThan(TOLERANCE);
});

for (const { name, missing } of await otherEngines()) {
  test.skipIf(missing)(`${name} has wasm's loss curve${missing ? `: ${missing}` : ""}`, async ({ annotate }) => {
    const difference = apart(wasm, await curveOf({ engine: name, steps: STEPS }));
    await annotate(`largest difference ${difference.toExponential(1)} × (1 + loss)`);
    expect(difference).toBeLessThan(TOLERANCE);
  });
}
