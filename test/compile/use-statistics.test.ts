import { expect, test } from "vitest";
import { useStatistics } from "../../src/compile/use-statistics.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";

const b = graphBuilder("net", 2);
const graph = b.build([b.activation("relu", b.batchNorm("norm", b.input), "relu")]);
const weights = new Map([
  ["norm.gamma", Float32Array.of(1, 2)],
  ["norm.beta", Float32Array.of(3, 4)],
]);
const mean = Float32Array.of(5, 6);
const variance = Float32Array.of(7, 8);

test("a batch norm takes mean and variance as parameters of its own", () => {
  expect(print(graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = batchNorm(%0, norm.gamma[2], norm.beta[2]) epsilon=0.00001
      %2:2 = activation(%1) function=relu
      return %2:2"
  `);
  const statistics = new Map([
    ["norm.mean", mean],
    ["norm.variance", variance],
  ]);
  const child = useStatistics({ graph, weights }, statistics);
  expect(print(verify(child.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = batchNorm(%0, norm.gamma[2], norm.beta[2], norm.mean[2], norm.variance[2]) epsilon=0.00001
      %2:2 = activation(%1) function=relu
      return %2:2"
  `);
  expect(child.weights).toEqual(new Map([...weights, ...statistics]));
  // What came in is as it was.
  expect([...weights.keys()]).toEqual(["norm.gamma", "norm.beta"]);
});

test("statistics that are missing are our own mistake, named", () => {
  expect(() => useStatistics({ graph, weights }, new Map([["norm.mean", mean]]))).toThrow(
    "internal: no statistics norm.variance",
  );
});
