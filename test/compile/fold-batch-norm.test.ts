import fc from "fast-check";
import { expect, test } from "vitest";
import type { Child } from "../../src/compile/child.js";
import { batchStatistics } from "../../src/compile/batch-statistics.js";
import { dropIdentities } from "../../src/compile/drop-identities.js";
import { emit } from "../../src/compile/emit.js";
import { foldBatchNorm } from "../../src/compile/fold-batch-norm.js";
import { pack } from "../../src/compile/numbers.js";
import { useStatistics, type Statistics } from "../../src/compile/use-statistics.js";
import { graphBuilder, type GraphBuilder } from "../../src/graph/builder.js";
import { parametersOf, type Graph, type Parameter, type Value } from "../../src/graph/graph.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { random } from "../../src/base/random.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";
import { randomNetChild, withRandomStatistics } from "./random-net-child.js";

const two = (start: number): Float32Array => Float32Array.of(start, start + 1);

/** A graph with random weights; its batch norms "norm" and "norm2" take statistics. */
function childOf(make: (b: GraphBuilder) => Value | readonly Value[]): Child {
  const b = graphBuilder("net", 2);
  const made = make(b);
  const graph = verify(b.build("name" in made ? [made] : made));
  const statistics: Statistics = new Map([
    ["norm.mean", two(0.5)],
    ["norm.variance", two(0.25)],
    ["norm2.mean", two(-1)],
    ["norm2.variance", two(2)],
  ]);
  return useStatistics({ graph, weights: randomWeights(graph, random("fold")) }, statistics);
}

const block = { images: Float32Array.from({ length: 2 * 4 * 4 * 2 }, (_, i) => Math.sin(i)), count: 2, resolution: 4 };

/** Holds that a child still computes the same, node by node as written. */
async function expectEqual(before: Child, after: Child): Promise<void> {
  const run = ({ graph, weights }: Child): Promise<Float32Array> => {
    const pooled = classified(graph);
    return onRuntime(emit({ graph: pooled, weights }, { resolution: 4 }), { ...block, channels: 2 }, "disabled");
  };
  const [left, right] = [await run(before), await run(after)];
  expect(left.length).toBeGreaterThan(0);
  expect(largest(left.map((x, i) => x - right[i]!))).toBeLessThan(1e-5 * (1 + largest(left)));
}

/** With the flat output that models have. */
function classified(graph: Graph): Graph {
  const b = graphBuilder(graph.name, 2);
  const flat = b.flatten("flat", b.globalAveragePool("pooled", graph.outputs[0]!));
  return { ...graph, nodes: [...graph.nodes, ...b.build([flat]).nodes], outputs: [flat] };
}

test("a conv and a depthwise conv take their batch norm in", async () => {
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
  const folded = foldBatchNorm.run(child);
  expect(print(verify(folded.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = conv(%0, conv.weight[3×3×2×2], conv.bias[2]) kernel=3
      %2:2 = depthwise(%1, depthwise.weight[3×3×2], depthwise.bias[2]) kernel=3
      return %2:2"
  `);
  expect([...folded.weights.keys()].sort()).toEqual(["conv.bias", "conv.weight", "depthwise.bias", "depthwise.weight"]);
  await expectEqual(child, folded);
});

test("the weights are w · s and (b − μ) · s + β with s = γ / √(σ² + ε)", () => {
  const child = childOf((b) => b.batchNorm("norm", b.conv("conv", b.input, { out: 2, bias: true })));
  const was = (name: string): Float32Array => pack(child.weights.get(name)!);
  const { weights } = foldBatchNorm.run(child);
  const s = [0, 1].map((c) => was("norm.gamma")[c]! / Math.sqrt(was("norm.variance")[c]! + 1e-5));
  expect(pack(weights.get("conv.weight")!)).toEqual(was("conv.weight").map((w, i) => w * s[i % 2]!));
  expect(weights.get("conv.bias")).toEqual(
    was("conv.bias").map((b, c) => (b - was("norm.mean")[c]!) * s[c]! + was("norm.beta")[c]!),
  );
});

test("a conv's own bias goes through the batch norm", async () => {
  const child = childOf((b) => b.batchNorm("norm", b.conv("conv", b.input, { out: 2, kernel: 3, bias: true })));
  await expectEqual(child, foldBatchNorm.run(child));
});

test("of two batch norms in a row the first is taken in, the second stays", async () => {
  const child = childOf((b) => b.batchNorm("norm2", b.batchNorm("norm", b.conv("conv", b.input, { out: 2 }))));
  const folded = foldBatchNorm.run(child);
  expect(print(folded.graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = conv(%0, conv.weight[1×1×2×2], conv.bias[2])
      %2:2 = batchNorm(%1, norm2.gamma[2], norm2.beta[2], norm2.mean[2], norm2.variance[2]) epsilon=0.00001
      return %2:2"
  `);
  await expectEqual(child, folded);
});

/** The refusals: the same object comes back. */
const refusals: Record<string, () => Child> = {
  "its input is no convolution": () => childOf((b) => b.batchNorm("norm", b.activation("relu", b.input, "relu"))),
  "its input is the image": () => childOf((b) => b.batchNorm("norm", b.input)),
  "another node reads the conv": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return b.add("sum", x, b.batchNorm("norm", x));
    }),
  "two batch norms read the conv": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return b.add("sum", b.batchNorm("norm", x), b.batchNorm("norm2", x));
    }),
  "the graph puts the conv out": () =>
    childOf((b) => {
      const x = b.conv("conv", b.input, { out: 2 });
      return [b.batchNorm("norm", x), x];
    }),
  "another conv has the same weights": () => {
    const child = childOf((b) => b.conv("other", b.batchNorm("norm", b.conv("conv", b.input, { out: 2 })), { out: 2 }));
    const weight: Parameter = parametersOf(child.graph).find(({ name }) => name === "conv.weight")!;
    const nodes = child.graph.nodes.map((node) =>
      node.op === "conv" ? { ...node, in: { ...node.in, weight } } : node,
    );
    return { ...child, graph: verify({ ...child.graph, nodes }) };
  },
  "it normalises by the batch": () => {
    const child = childOf((b) => b.batchNorm("norm", b.conv("conv", b.input, { out: 2 })));
    const nodes = child.graph.nodes.map((node) =>
      node.op === "batchNorm" ? { ...node, in: { x: node.in.x, gamma: node.in.gamma, beta: node.in.beta } } : node,
    );
    return { ...child, graph: { ...child.graph, nodes } };
  },
  "its statistics are measured, not given": () => {
    const child = childOf((b) => b.batchNorm("norm", b.conv("conv", b.input, { out: 2 })));
    return { ...child, graph: batchStatistics.run(child.graph) };
  },
};

test.each(Object.entries(refusals))("a batch norm stays where %s", (_, make) => {
  const child = make();
  expect(foldBatchNorm.run(child)).toBe(child);
});

test("random nets compute the same before and after, node by node as written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), async (seed) => {
      const net = withRandomStatistics(randomNetChild(seed), seed);
      const child = dropIdentities.run(net.child);
      const folded = foldBatchNorm.run(child);
      verify(folded.graph);
      const run = (it: Child): Promise<Float32Array> =>
        onRuntime(emit(it, { resolution: net.block.resolution }), net.block, "disabled");
      const [before, after] = [await run(child), await run(folded)];
      expect(largest(before.map((x, i) => x - after[i]!))).toBeLessThanOrEqual(1e-4 * (1 + largest(before)));
    }),
    { numRuns: 200 },
  );
});
