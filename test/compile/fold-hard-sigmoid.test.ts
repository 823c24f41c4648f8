import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Child } from "../../src/compile/child.js";
import { emit } from "../../src/compile/emit.js";
import { foldHardSigmoid } from "../../src/compile/fold-hard-sigmoid.js";
import { pack } from "../../src/compile/numbers.js";
import { graphBuilder, type GraphBuilder } from "../../src/graph/builder.js";
import type { Value } from "../../src/graph/graph.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";

function childOf(make: (b: GraphBuilder) => Value | readonly Value[]): Child {
  const b = graphBuilder("net", 2);
  const made = make(b);
  const graph = verify(b.build("name" in made ? [made] : made));
  return { graph, weights: randomWeights(graph, random("hard-sigmoid")) };
}

/** Squeeze-and-excite. */
const gated = (b: GraphBuilder): Value => {
  const pooled = b.globalAveragePool("pool", b.input);
  const gate = b.activation("gate", b.conv("conv", pooled, { out: 2, bias: true }), "hard-sigmoid");
  const x = b.multiply("se", b.input, gate);
  return b.flatten("flat", b.globalAveragePool("pooled", x));
};

test("the conv before takes 5/6, the hard-sigmoid a slope of 1/5; what was is printed before and after", () => {
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
  const folded = foldHardSigmoid.run(child);
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
  // Once is enough.
  expect(foldHardSigmoid.run(folded)).toBe(folded);
});

test("it computes the same, node by node as written, far from 0 too", async () => {
  const child = childOf(gated);
  const images = Float32Array.from({ length: 40 * 2 * 9 }, (_, i) => 4 * Math.sin(i) + (Math.floor(i / 18) - 20));
  const block = { images, count: 40, resolution: 3, channels: 2 };
  const run = (it: Child): Promise<Float32Array> => onRuntime(emit(it, { resolution: 3 }), block, "disabled");
  const [before, after] = [await run(child), await run(foldHardSigmoid.run(child))];
  expect(largest(before)).toBeGreaterThan(1);
  expect(largest(before.map((x, i) => x - after[i]!))).toBeLessThan(1e-6 * (1 + largest(before)));
});

/** The refusals: the same object comes back. */
const refusals: Record<string, () => Child> = {
  "no conv stands before it": () => childOf((b) => b.activation("gate", b.input, "hard-sigmoid")),
  "another node reads the conv": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return b.add("sum", x, b.activation("gate", x, "hard-sigmoid"));
    }),
  "the graph puts the conv out": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return [b.activation("gate", x, "hard-sigmoid"), x];
    }),
  "the function is another": () => childOf((b) => b.activation("swish", b.conv("conv", b.input, { out: 2 }), "swish")),
};

test.each(Object.entries(refusals))("nothing changes where %s", (_, make) => {
  const child = make();
  expect(foldHardSigmoid.run(child)).toBe(child);
});
