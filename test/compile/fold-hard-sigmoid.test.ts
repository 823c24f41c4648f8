import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Child } from "../../src/compile/child.js";
import { emit } from "../../src/compile/emit.js";
import { foldHardSigmoid } from "../../src/compile/fold-hard-sigmoid.js";
import { lower } from "../../src/compile/lower.js";
import { pack } from "../../src/compile/numbers.js";
import { graphBuilder, type GraphBuilder } from "../../src/graph/builder.js";
import type { Value } from "../../src/graph/values.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";

function childOf(make: (b: GraphBuilder<number>) => Value<number> | readonly Value<number>[]): Child {
  const b = graphBuilder<number>("net", 2);
  const made = make(b);
  const graph = verify(b.build("name" in made ? [made] : made));
  return lower.run({ graph, weights: randomWeights(graph, random("hard-sigmoid")) }).child;
}

/** Squeeze-and-excite. */
const gated = (b: GraphBuilder<number>): Value<number> => {
  const pooled = b.globalAveragePool("pool", b.input);
  const gate = b.activation("gate", b.conv("conv", pooled, { out: 2, bias: true }), "hard-sigmoid");
  const x = b.multiply("se", b.input, gate);
  return b.flatten("flat", b.globalAveragePool("pooled", x));
};

test("the hard-sigmoid gets slope 1/5 and its conv 5/6 of its weights (printed before and after)", () => {
  const child = childOf(gated);
  expect(print(child.graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = globalAveragePool(%0)
      %2:2 = conv(%1, conv.weight[1×1×2×2], conv.bias[2])
      %3:2 = activation(%2) function=hard-sigmoid
      %4:2 = multiply(%0, %3)
      %5:2 = globalAveragePool(%4)
      %6:2 = flatten(%5)
      return %6:2"
  `);
  const { child: folded, notes } = foldHardSigmoid.run(child);
  expect(print(verify(folded.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = globalAveragePool(%0)
      %2:2 = conv(%1, conv.weight[1×1×2×2], conv.bias[2])
      %3:2 = activation(%2) function=hard-sigmoid slope=0.2
      %4:2 = multiply(%0, %3)
      %5:2 = globalAveragePool(%4)
      %6:2 = flatten(%5)
      return %6:2"
  `);
  for (const name of ["conv.weight", "conv.bias"]) {
    expect(pack(folded.weights.get(name)!)).toEqual(pack(child.weights.get(name)!).map((x) => (x * 5) / 6));
  }
  expect(notes).toEqual([{ node: "gate", verdict: "rewrote", detail: "set its slope to 1/5, scaled its conv by 5/6" }]);
  // A second run does nothing.
  const again = foldHardSigmoid.run(folded);
  expect(again.child).toBe(folded);
  expect(again.notes).toEqual([{ node: "gate", verdict: "skipped", detail: "it has a slope already" }]);
});

test("the result is the same, node by node as written, also far from 0", async () => {
  const child = childOf(gated);
  const images = Float32Array.from({ length: 40 * 2 * 9 }, (_, i) => 4 * Math.sin(i) + (Math.floor(i / 18) - 20));
  const block = { images, count: 40, resolution: 3, channels: 2 };
  const run = (it: Child): Promise<Float32Array> => onRuntime(emit(it, { resolution: 3 }), block, "disabled");
  const [before, after] = [await run(child), await run(foldHardSigmoid.run(child).child)];
  expect(largest(before)).toBeGreaterThan(1);
  expect(largest(before.map((x, i) => x - after[i]!))).toBeLessThan(1e-6 * (1 + largest(before)));
});

/** Cases where the pass does nothing: its reason, and a child. */
const refusals: Record<string, () => Child> = {
  "its input is not a conv": () => childOf((b) => b.activation("gate", b.input, "hard-sigmoid")),
  "another node reads the conv": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return b.add("sum", x, b.activation("gate", x, "hard-sigmoid"));
    }),
  "the graph outputs the conv": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return [b.activation("gate", x, "hard-sigmoid"), x];
    }),
};

test.each(Object.entries(refusals))("nothing changes if %s, and the pass reports it", (reason, make) => {
  const child = make();
  const { child: after, notes } = foldHardSigmoid.run(child);
  expect(after).toBe(child);
  expect(notes).toEqual([{ node: "gate", verdict: "skipped", detail: reason }]);
});

test("the report does not mention other activations", () => {
  const child = childOf((b) => b.activation("swish", b.conv("conv", b.input, { out: 2 }), "swish"));
  expect(foldHardSigmoid.run(child)).toEqual({ child, notes: [] });
});
