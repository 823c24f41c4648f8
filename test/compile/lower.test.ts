import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { emit } from "../../src/compile/emit.js";
import { lower } from "../../src/compile/lower.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";
import { randomNetChild, reference, withRandomStatistics } from "./random-net-child.js";

test("readers of a dropout read its input instead, also through a second dropout", () => {
  const b = graphBuilder<number>("net", 2);
  const x = b.flatten("flatten", b.globalAveragePool("pool", b.input));
  const dropped = b.dropout("dropout2", b.dropout("dropout", x));
  const graph = b.build([b.dense("classifier", dropped, 3)]);
  expect(print(graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = globalAveragePool(%0)
      %2:2 = flatten(%1)
      %3:2 = dropout(%2)
      %4:2 = dropout(%3)
      %5:3 = dense(%4, classifier.weight[2×3], classifier.bias[3]) units=3
      return %5:3"
  `);
  const weights = randomWeights(graph, random("drop"));
  const { child, notes } = lower.run({ graph, weights });
  expect(print(verify(child.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = globalAveragePool(%0)
      %2:2 = flatten(%1)
      %3:3 = dense(%2, classifier.weight[2×3], classifier.bias[3]) units=3
      return %3:3"
  `);
  expect(child.weights).toBe(weights);
  expect(notes.map(({ node, verdict, detail }) => `${node}: ${verdict}, ${detail}`)).toEqual([
    "dropout: rewrote, dropped, since it is the identity outside training",
    "dropout2: rewrote, dropped, since it is the identity outside training",
  ]);
});

test("a dropout that is the graph's output is replaced by its input", () => {
  const b = graphBuilder<number>("net", 2);
  const graph = b.build([b.dropout("dropout", b.flatten("flatten", b.globalAveragePool("pool", b.input)))]);
  expect(print(verify(lower.run({ graph, weights: new Map() }).child.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = globalAveragePool(%0)
      %2:2 = flatten(%1)
      return %2:2"
  `);
});

test("every batch norm gets its own moments", () => {
  const b = graphBuilder<number>("net", 1);
  const x = b.batchNorm("norm", b.conv("conv", b.input, { out: 4 }));
  const graph = b.build([b.batchNorm("last", b.activation("relu", x, "relu"))]);
  expect(print(graph)).toMatchInlineSnapshot(`
    "net(%0:1)
      %1:4 = conv(%0, conv.weight[1×1×1×4])
      %2:4 = batchNorm(%1, norm.gamma[4], norm.beta[4]) epsilon=0.00001
      %3:4 = activation(%2) function=relu
      %4:4 = batchNorm(%3, last.gamma[4], last.beta[4]) epsilon=0.00001
      return %4:4"
  `);
  expect(print(verify(lower.run({ graph, weights: new Map() }).child.graph))).toMatchInlineSnapshot(`
    "net(%0:1)
      %1:4 = conv(%0, conv.weight[1×1×1×4])
      %2:4, %3:4 = moments(%1)
      %4:4 = batchNorm(%1, norm.gamma[4], norm.beta[4], %2, %3) epsilon=0.00001
      %5:4 = activation(%4) function=relu
      %6:4, %7:4 = moments(%5)
      %8:4 = batchNorm(%5, last.gamma[4], last.beta[4], %6, %7) epsilon=0.00001
      return %8:4"
  `);
});

test("on onnxruntime, random nets normalise by the batch as on engines, or by their statistics if they have them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), async (seed) => {
      const net = randomNetChild(seed);
      for (const child of [lower.run(net.child).child, withRandomStatistics(net, seed)]) {
        const expected = reference(child, net.block);
        const bytes = emit(child, { resolution: net.block.resolution });
        const logits = await onRuntime(bytes, net.block, "disabled");
        expect(largest(logits.map((x, i) => x - expected[i]!))).toBeLessThanOrEqual(2e-3 * (1 + largest(expected)));
      }
      // The lowering does not change the function.
      expect(reference(lower.run(net.child).child, net.block)).toEqual(reference(net.child, net.block));
    }),
    { numRuns: 100 },
  );
});
