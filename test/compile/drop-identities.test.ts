import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { dropIdentities } from "../../src/compile/drop-identities.js";
import { emit } from "../../src/compile/emit.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";
import { randomNetChild, reference, withRandomStatistics } from "./random-net-child.js";

test("readers of a dropout read what it reads, through a second one too", () => {
  const b = graphBuilder("net", 2);
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
  const child = { graph, weights: randomWeights(graph, random("drop")) };
  const after = dropIdentities.run(child);
  expect(print(verify(after.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = globalAveragePool(%0)
      %2:2 = flatten(%1)
      %3:3 = dense(%2, classifier.weight[2×3], classifier.bias[3]) units=3
      return %3:3"
  `);
  expect(after.weights).toBe(child.weights);
});

test("a dropout that the graph puts out gives way to its input", () => {
  const b = graphBuilder("net", 2);
  const graph = b.build([b.dropout("dropout", b.flatten("flatten", b.globalAveragePool("pool", b.input)))]);
  const after = dropIdentities.run({ graph, weights: new Map() });
  expect(print(verify(after.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = globalAveragePool(%0)
      %2:2 = flatten(%1)
      return %2:2"
  `);
});

test("without a dropout the same object comes back", () => {
  const b = graphBuilder("net", 2);
  const child = { graph: b.build([b.flatten("flatten", b.globalAveragePool("pool", b.input))]), weights: new Map() };
  expect(dropIdentities.run(child)).toBe(child);
});

test("random nets compute what they compute with a dropout that is the identity", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), async (seed) => {
      const { child, block } = withRandomStatistics(randomNetChild(seed), seed);
      const expected = reference(child, block);
      const bytes = emit(dropIdentities.run(child), { resolution: block.resolution });
      const logits = await onRuntime(bytes, block, "disabled");
      expect(largest(logits.map((x, i) => x - expected[i]!))).toBeLessThanOrEqual(1e-4 * (1 + largest(expected)));
    }),
    { numRuns: 100 },
  );
});
