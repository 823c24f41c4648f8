/** Checks the contract on a sample; test/exact checks thousands of architectures (`npm run test:exact`). */
import { expect, test } from "vitest";
import { createEngine } from "../../src/engine/choose.js";
import { shippedSpaces } from "../../src/supernet/spaces.js";
import { holdContract, TOLERANCE } from "./contract.js";
import { spaceAt } from "./random-children.js";

test("masked = sliced = compiled: 60 random architectures of fashion", async () => {
  const worst = await holdContract(await createEngine("wasm"), {
    space: await spaceAt("fashion"),
    seed: 1,
    count: 60,
    batch: 6,
  });
  expect(worst.difference).toBeLessThan(TOLERANCE);
});

// 36 pixels halve to 9, 5 and 3, which gives partial pooling windows.
test.each(shippedSpaces.filter((name) => name !== "fashion"))(
  "masked = sliced = compiled: 2 random architectures of %s at 36 or 64 pixels",
  async (name) => {
    const space = await spaceAt(name, [36, 64]);
    const worst = await holdContract(await createEngine("wasm"), { space, seed: 1, count: 2, batch: 4 });
    expect(worst.difference).toBeLessThan(TOLERANCE);
  },
);
