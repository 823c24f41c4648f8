import fc from "fast-check";
import { expect, test } from "vitest";
import type { Child } from "../../src/compile/child.js";
import { emit } from "../../src/compile/emit.js";
import { foldBatchNorm } from "../../src/compile/fold-batch-norm.js";
import { lower } from "../../src/compile/lower.js";
import { pack } from "../../src/compile/numbers.js";
import { recalibration, type Statistics } from "../../src/compile/recalibration.js";
import { graphBuilder, type GraphBuilder } from "../../src/graph/builder.js";
import { nodesOf, parametersOf, type PlainGraph } from "../../src/graph/graph.js";
import type { Parameter, Value } from "../../src/graph/values.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { random } from "../../src/base/random.js";
import type { AnyNode } from "../../src/compile/rule.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";
import { randomNetChild, withRandomStatistics } from "./random-net-child.js";

const two = (start: number): Float32Array => Float32Array.of(start, start + 1);

/** A graph with random weights; its batch norms "norm" and "norm2" have statistics. */
function childOf(make: (b: GraphBuilder<number>) => Value<number> | readonly Value<number>[]): Child {
  return recalibration.absorb(loweredOf(make), statistics).child;
}

const statistics: Statistics = new Map([
  ["norm.mean", two(0.5)],
  ["norm.variance", two(0.25)],
  ["norm2.mean", two(-1)],
  ["norm2.variance", two(2)],
]);

/** The same graph before its statistics are measured. */
function loweredOf(make: (b: GraphBuilder<number>) => Value<number> | readonly Value<number>[]): Child {
  const b = graphBuilder<number>("net", 2);
  const made = make(b);
  const graph = verify(b.build("name" in made ? [made] : made));
  return lower.run({ graph, weights: randomWeights(graph, random("fold")) }).child;
}

const block = { images: Float32Array.from({ length: 2 * 4 * 4 * 2 }, (_, i) => Math.sin(i)), count: 2, resolution: 4 };

/** Checks that a child still computes the same, node by node as written. */
async function expectEqual(before: Child, after: Child): Promise<void> {
  const run = ({ graph, weights }: Child): Promise<Float32Array> => {
    const pooled = classified(graph);
    return onRuntime(emit({ graph: pooled, weights }, { resolution: 4 }), { ...block, channels: 2 }, "disabled");
  };
  const [left, right] = [await run(before), await run(after)];
  expect(left.length).toBeGreaterThan(0);
  expect(largest(left.map((x, i) => x - right[i]!))).toBeLessThan(1e-5 * (1 + largest(left)));
}

/** The graph with a flat output, as models have. */
function classified(graph: PlainGraph<"deployed">): PlainGraph<"deployed"> {
  const b = graphBuilder<number>(graph.name, 2);
  const flat = b.flatten("flat", b.globalAveragePool("pooled", graph.outputs[0]!));
  const added = lower.run({ graph: b.build([flat]), weights: new Map() }).child.graph;
  return { ...graph, nodes: [...graph.nodes, ...added.nodes], outputs: [flat] };
}

test("a batch norm is folded into the conv or depthwise conv before it", async () => {
  const child = childOf((b) => {
    const x = b.batchNorm("norm", b.conv("conv", b.input, { out: 2, kernel: 3 }));
    return b.batchNorm("norm2", b.depthwise("depthwise", x, { kernel: 3 }));
  });
  expect(print(child.graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = conv(%0, conv.weight[3×3×2×2]) kernel=3
      %2:2 = batchNorm(%1, norm.gamma[2], norm.beta[2], norm.mean[2], norm.variance[2]) epsilon=0.00001
      %3:2 = depthwise(%2, depthwise.weight[3×3×2]) kernel=3
      %4:2 = batchNorm(%3, norm2.gamma[2], norm2.beta[2], norm2.mean[2], norm2.variance[2]) epsilon=0.00001
      return %4:2"
  `);
  const { child: folded, notes } = foldBatchNorm.run(child);
  expect(print(verify(folded.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = conv(%0, conv.weight[3×3×2×2], conv.bias[2]) kernel=3
      %2:2 = depthwise(%1, depthwise.weight[3×3×2], depthwise.bias[2]) kernel=3
      return %2:2"
  `);
  expect(notes).toEqual(
    ["norm", "norm2"].map((node) => ({ node, verdict: "rewrote", detail: "folded into the conv before it" })),
  );
  expect([...folded.weights.keys()].sort()).toEqual(["conv.bias", "conv.weight", "depthwise.bias", "depthwise.weight"]);
  await expectEqual(child, folded);
});

test("the weights are w · s and (b − μ) · s + β with s = γ / √(σ² + ε)", () => {
  const child = childOf((b) => b.batchNorm("norm", b.conv("conv", b.input, { out: 2, bias: true })));
  const was = (name: string): Float32Array => pack(child.weights.get(name)!);
  const { weights } = foldBatchNorm.run(child).child;
  const s = [0, 1].map((c) => was("norm.gamma")[c]! / Math.sqrt(was("norm.variance")[c]! + 1e-5));
  expect(pack(weights.get("conv.weight")!)).toEqual(was("conv.weight").map((w, i) => w * s[i % 2]!));
  expect(weights.get("conv.bias")).toEqual(
    was("conv.bias").map((b, c) => (b - was("norm.mean")[c]!) * s[c]! + was("norm.beta")[c]!),
  );
});

test("a conv's own bias is normalised too", async () => {
  const child = childOf((b) => b.batchNorm("norm", b.conv("conv", b.input, { out: 2, kernel: 3, bias: true })));
  await expectEqual(child, foldBatchNorm.run(child).child);
});

test("of two batch norms in a row the first is folded and the second stays", async () => {
  const child = childOf((b) => b.batchNorm("norm2", b.batchNorm("norm", b.conv("conv", b.input, { out: 2 }))));
  const { child: folded } = foldBatchNorm.run(child);
  expect(print(folded.graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = conv(%0, conv.weight[1×1×2×2], conv.bias[2])
      %2:2 = batchNorm(%1, norm2.gamma[2], norm2.beta[2], norm2.mean[2], norm2.variance[2]) epsilon=0.00001
      return %2:2"
  `);
  await expectEqual(child, folded);
});

/** Cases where the pass does nothing: its reason, with the case if several give the same reason, and a child. */
const refusals: Record<string, () => Child> = {
  "its input is not a conv": () => childOf((b) => b.batchNorm("norm", b.activation("relu", b.input, "relu"))),
  "its input is not a conv: the image": () => childOf((b) => b.batchNorm("norm", b.input)),
  "another node reads the conv": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return b.add("sum", x, b.batchNorm("norm", x));
    }),
  "another node reads the conv: a batch norm too": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return b.add("sum", b.batchNorm("norm", x), b.batchNorm("norm2", x));
    }),
  "the graph outputs the conv": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return [b.batchNorm("norm", x), x];
    }),
  "another node has the conv's weights": () => {
    const child = childOf((b) => b.conv("other", b.batchNorm("norm", b.conv("conv", b.input, { out: 2 })), { out: 2 }));
    const weight: Parameter<number> = parametersOf(child.graph).find(({ name }) => name === "conv.weight")!;
    const nodes = child.graph.nodes.map((node): AnyNode =>
      node.op === "conv" ? { ...node, in: { ...node.in, weight } } : node,
    );
    return { ...child, graph: verify({ ...child.graph, nodes }) };
  },
};

test.each(Object.entries(refusals))("a batch norm stays if %s, and the pass reports it", (name, make) => {
  const child = make();
  const { child: after, notes } = foldBatchNorm.run(child);
  expect(after).toBe(child);
  const [reason] = name.split(":");
  for (const { verdict, detail } of notes) expect([verdict, detail]).toEqual(["skipped", reason]);
  expect(notes.map(({ node }) => node)).toEqual(nodesOf(child.graph, "batchNorm").map(({ name }) => name));
});

test("a batch norm stays if its moments read the conv", () => {
  const child = loweredOf((b) => b.batchNorm("norm", b.conv("conv", b.input, { out: 2 })));
  const { child: after, notes } = foldBatchNorm.run(child);
  expect(after).toBe(child);
  expect(notes).toEqual([{ node: "norm", verdict: "skipped", detail: "another node reads the conv" }]);
});

test("random nets compute the same before and after the pass, node by node as written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), async (seed) => {
      const net = randomNetChild(seed);
      const child = withRandomStatistics(net, seed);
      const folded = foldBatchNorm.run(child).child;
      verify(folded.graph);
      const run = (it: Child): Promise<Float32Array> =>
        onRuntime(emit(it, { resolution: net.block.resolution }), net.block, "disabled");
      const [before, after] = [await run(child), await run(folded)];
      expect(largest(before.map((x, i) => x - after[i]!))).toBeLessThanOrEqual(1e-4 * (1 + largest(before)));
    }),
    { numRuns: 200 },
  );
});
