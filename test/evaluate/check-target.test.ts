import { expect, test } from "vitest";
import { checkTarget } from "../../src/evaluate/check-target.js";
import { localTarget } from "../../src/target/local.js";
import { mockTarget } from "../../src/target/mock.js";

test("a target that runs the anchor as this machine does is accepted, with its latency", async () => {
  const target = localTarget({ threads: 2, profiles: false });
  const found = await checkTarget(target, 0.5);
  await target.close();
  expect(found).toMatchObject({ target: "local:threads=2", environment: { threads: 2 }, latency: { name: "anchor" } });
  expect(found.difference).toBeLessThan(1e-5);
});

test("one whose outputs differ is refused", async () => {
  const wrong = mockTarget({ msOf: () => 1, outputsOf: () => new Map([["logits", new Float32Array(10)]]) });
  await expect(checkTarget(wrong, 0.5)).rejects.toThrow(
    /target mock is off by .* in the logits of the anchor; want at most/,
  );
  expect(wrong.loaded).toBe(0);
});
