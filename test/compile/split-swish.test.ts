import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { emit } from "../../src/compile/emit.js";
import { lower } from "../../src/compile/lower.js";
import { splitSwish } from "../../src/compile/split-swish.js";
import type { ActivationFunction } from "../../src/graph/activations.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";
import { randomNetChild, reference } from "./random-net-child.js";

function childOf(activation: ActivationFunction) {
  const b = graphBuilder<number>("net", 2);
  const x = b.activation("act", b.conv("conv", b.input, { out: 4 }), activation);
  const graph = verify(b.build([b.flatten("flat", b.globalAveragePool("pool", x))]));
  return lower.run({ graph, weights: randomWeights(graph, random("split")) }).child;
}

test("a swish becomes a gate and a product (printed after)", () => {
  const { child, notes } = splitSwish.run(childOf("hard-swish"));
  expect(print(verify(child.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:4 = conv(%0, conv.weight[1×1×2×4])
      %2:4 = activation(%1) function=hard-sigmoid
      %3:4 = multiply(%1, %2)
      %4:4 = globalAveragePool(%3)
      %5:4 = flatten(%4)
      return %5:4"
  `);
  expect(notes).toEqual([{ node: "act", verdict: "rewrote", detail: "split into hard-sigmoid and multiply" }]);
  expect(splitSwish.run(child).child).toBe(child);
});

test.each(["swish", "hard-swish"] as const)(
  "a %s computes the same to the bit when it is split",
  async (activation) => {
    const child = childOf(activation);
    const block = { images: Float32Array.from({ length: 5 * 2 * 9 }, (_, i) => 4 * Math.sin(i)), count: 5 };
    const run = (it: typeof child) =>
      onRuntime(emit(it, { resolution: 3 }), { ...block, resolution: 3, channels: 2 }, "disabled");
    const [before, after] = [await run(child), await run(splitSwish.run(child).child)];
    expect(largest(before)).toBeGreaterThan(0.5);
    expect(after).toEqual(before);
  },
);

test("random nets compute the same, in float64", () => {
  fc.assert(
    fc.property(fc.nat(1e6), (seed) => {
      const net = randomNetChild(seed);
      const { child } = lower.run(net.child);
      const [before, after] = [reference(child, net.block), reference(splitSwish.run(child).child, net.block)];
      expect(after).toHaveLength(before.length);
      for (const [i, value] of after.entries()) expect(value).toBeCloseTo(before[i]!, 9);
    }),
    { numRuns: 30 },
  );
});

test.each(["relu", "relu6", "sigmoid", "hard-sigmoid"] as const)("a %s is left alone", (activation) => {
  const child = childOf(activation);
  expect(splitSwish.run(child)).toEqual({ child, notes: [] });
});
