/** A few steps of what `npm run test:exact` holds over 200. */
import { beforeAll, expect, test } from "vitest";
import { apart, curveOf, otherEngines, type Curve } from "./curve.js";

/** A software GPU takes most of a minute a step on a busy machine. */
const STEPS = 2;
const PATIENCE_MS = 900_000;
/** × (1 + loss): sums in another order differ by 1e-6; an operator that is wrong shows in the first loss. */
const TOLERANCE = 1e-4;

let wasm: Curve;
beforeAll(async () => {
  wasm = await curveOf({ engine: "wasm", steps: STEPS });
});

test.each([2, 4])("%i workers give the bytes of one", async (threads) => {
  expect(await curveOf({ engine: "wasm", steps: STEPS, threads })).toEqual(wasm);
});

for (const { name, missing } of await otherEngines()) {
  test.skipIf(missing)(
    `${name} has wasm's loss curve${missing ? `: ${missing}` : ""}`,
    async () => {
      expect(apart(wasm, await curveOf({ engine: name, steps: STEPS }))).toBeLessThan(TOLERANCE);
    },
    PATIENCE_MS,
  );
}
