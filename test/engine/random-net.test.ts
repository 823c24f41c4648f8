/** The random nets on which engines are compared: they contain everything that an engine must compute. */
import { expect, test } from "vitest";
import { activations } from "../../src/graph/activations.js";
import { producersOf } from "../../src/graph/rewrite.js";
import type { OperatorName } from "../../src/graph/operators.js";
import { randomNet } from "./conformance.js";

const nets = Array.from({ length: 60 }, (_, seed) => randomNet(seed).graph);

/** A new operator does not compile until it is listed here. */
const trained: Readonly<Record<OperatorName<"trained">, true>> = {
  conv: true,
  depthwise: true,
  dense: true,
  batchNorm: true,
  activation: true,
  add: true,
  multiply: true,
  averagePool: true,
  globalAveragePool: true,
  flatten: true,
  dropout: true,
  fakeQuantize: true,
};

test("every operator of training occurs in the random nets", () => {
  const found = new Set(nets.flatMap(({ nodes }) => nodes.map(({ op }) => op)));
  expect([...found].sort()).toEqual(Object.keys(trained).sort());
});

test("every activation occurs in the random nets, after a batch norm and after other operators", () => {
  const found = { afterNorm: new Set<string>(), alone: new Set<string>() };
  for (const graph of nets) {
    const producers = producersOf(graph);
    for (const node of graph.nodes) {
      if (node.op !== "activation") continue;
      const place = producers.get(node.in.x.name)?.op === "batchNorm" ? found.afterNorm : found.alone;
      place.add(node.attributes.function);
    }
  }
  const all = Object.keys(activations).sort();
  expect([...found.afterNorm].sort()).toEqual(all);
  expect([...found.alone].sort()).toEqual(all);
});

test("every kernel size and stride occurs for both kinds of convolution, with and without a bias", () => {
  const kinds = new Set<string>();
  for (const { nodes } of nets) {
    for (const node of nodes) {
      if (node.op !== "conv" && node.op !== "depthwise") continue;
      kinds.add(`${node.op} ${node.attributes.kernel}`).add(`${node.op} stride ${node.attributes.stride}`);
      if (node.op === "conv") kinds.add(node.in.bias ? "bias" : "no bias");
    }
  }
  const sizes = (op: string, kernels: number[]): string[] => kernels.map((kernel) => `${op} ${kernel}`);
  const strides = ["conv", "depthwise"].flatMap((op) => [`${op} stride 1`, `${op} stride 2`]);
  const wanted = [...sizes("conv", [1, 3, 5]), ...sizes("depthwise", [1, 3, 5, 7, 9]), ...strides, "bias", "no bias"];
  expect([...kinds].sort()).toEqual(wanted.sort());
});
