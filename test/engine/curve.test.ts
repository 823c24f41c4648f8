/** A few steps of what `npm run test:exact` checks over 200. */
import "./pjrt/quick-compile.js";
import { beforeAll, expect, test } from "vitest";
import { apart, curveOf, otherEngines, type Curve } from "./curve.js";

const STEPS = 2;
/** Relative to 1 + loss. Sums in another order differ by 1e-6; a wrong operator shows in the first loss. */
const TOLERANCE = 1e-4;

let wasm: Curve;
beforeAll(async () => {
  wasm = await curveOf({ engine: "wasm", steps: STEPS });
});

test.each([2, 4])("%i workers give the same bytes as one", async (threads) => {
  expect(await curveOf({ engine: "wasm", steps: STEPS, threads })).toEqual(wasm);
});

for (const { name, missing } of await otherEngines()) {
  // A software GPU takes minutes; test/exact covers it.
  if (name === "webgpu") continue;
  test.skipIf(missing)(`${name} has wasm's loss curve${missing ? `: ${missing}` : ""}`, async () => {
    expect(apart(wasm, await curveOf({ engine: name, steps: STEPS }))).toBeLessThan(TOLERANCE);
  });
}
