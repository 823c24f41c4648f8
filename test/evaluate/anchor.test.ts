import { expect, test } from "vitest";
import { sha256Of } from "../../src/base/hash.js";
import { anchor } from "../../src/evaluate/anchor.js";
import { localTarget } from "../../src/target/local.js";
import { withModel } from "../../src/target/target.js";

test("the anchor is these bytes on every machine and Node, and runs", async () => {
  const { bytes, dims } = anchor();
  expect(sha256Of(bytes)).toBe("ba0dc07a334342eabbe48bfb2cb48da09dae871d804646098889c94dae05e04f");
  await withModel(localTarget(), bytes, async (model) => {
    const { outputs } = await model.run(
      new Float32Array(dims.reduce((product, size) => product * size, 1)).fill(1),
      dims,
    );
    const logits = outputs.get("logits")!;
    expect(logits).toHaveLength(10);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(new Set(logits).size).toBe(10);
  });
});
