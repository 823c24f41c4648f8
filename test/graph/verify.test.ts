/** The verifier refuses every kind of illegal graph and names the place. */
import { expect, test } from "vitest";
import { graphBuilder } from "../../src/graph/builder.js";
import type { ElasticGraph, Graph } from "../../src/graph/graph.js";
import type { Node } from "../../src/graph/operators.js";
import type { Axis, Value } from "../../src/graph/values.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { loadSpace, shippedSpaces } from "../../src/supernet/spaces.js";
import { buildSupernet } from "../../src/supernet/supernet.js";

/** input 3 → conv 8 → batch norm → relu → conv 8 → add → pool → flatten → dense 5 */
function sound(): ElasticGraph {
  const builder = graphBuilder("net", 3);
  const first = builder.conv("first", builder.input, { out: 8, kernel: 3, stride: 2 });
  const x = builder.activation("relu", builder.batchNorm("norm", first), "relu");
  const branch = builder.conv("second", x, { out: 8, bias: true });
  const sum = builder.add("add", x, branch);
  const scaled = builder.multiply("scale", sum, builder.globalAveragePool("factor", sum));
  const wide = builder.depthwise("wide", scaled, { kernel: 5 });
  const flat = builder.dropout("dropout", builder.flatten("flat", builder.globalAveragePool("pool", wide)));
  return builder.build([builder.dense("out", flat, 5)]);
}

/** The graph with one node changed. */
const changed = (name: string, change: (node: Node) => unknown): Graph => {
  const graph: Graph = sound();
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (node.name === name ? { ...node, ...(change(node) as object) } : node)),
  };
};
const value = (name: string, channels: number): Value => ({ name, channels, dtype: "float32" });
const parameter = (name: string, ...shape: number[]) => ({
  name,
  shape,
  dtype: "float32",
  initializer: "zeros",
  decay: false,
});
const withIn = (name: string, inputs: object): Graph => changed(name, (node) => ({ in: { ...node.in, ...inputs } }));

test("a legal graph is returned unchanged", () => {
  const graph = sound();
  expect(verify(graph)).toBe(graph);
});

test.each(shippedSpaces)("the supernet of %s is legal", async (name) => {
  const { graph } = buildSupernet(await loadSpace(name));
  expect(verify(graph)).toBe(graph);
});

const without = (name: string): Graph => {
  const graph = sound();
  return { ...graph, nodes: graph.nodes.filter((node) => node.name !== name) };
};
const reversed = (): Graph => ({ ...sound(), nodes: [...sound().nodes].reverse() });
const elastic: Axis = { kind: "axis", name: "a", maximum: 8 };

test.each<[string, Graph, string]>([
  ["two nodes of one name", changed("second", () => ({ name: "first" })), "conv first: its name is taken"],
  ["a value read before it is made", reversed(), "dense out: it reads dropout before it is made"],
  ["a value that no node makes", without("relu"), "conv second: it reads relu before it is made"],
  [
    "a value made twice",
    changed("second", () => ({ out: { y: value("first", 8) } })),
    "conv second: first is made twice",
  ],
  [
    "a value read with other channels",
    withIn("relu", { x: value("norm", 4) }),
    "activation relu: it reads norm with other channels",
  ],
  [
    "an elastic value read where a plain one was made",
    withIn("relu", { x: { name: "norm", channels: elastic } }),
    "it reads norm with other channels",
  ],
  [
    "a conv weight of another kernel",
    withIn("first", { weight: parameter("w", 5, 5, 3, 8) }),
    "conv first: w has the shape [5, 5, 3, 8], not [3, 3, 3, 8]",
  ],
  ["a conv weight of other inputs", withIn("first", { weight: parameter("w", 3, 3, 4, 8) }), "not [3, 3, 3, 8]"],
  [
    "a conv bias of another length",
    withIn("second", { bias: parameter("b", 9) }),
    "conv second: b has the shape [9], not [8]",
  ],
  [
    "a depthwise weight of four dimensions",
    withIn("wide", { weight: parameter("w", 5, 5, 1, 8) }),
    "depthwise wide: w has the shape [5, 5, 1, 8], not [5, 5, 8]",
  ],
  [
    "a depthwise conv that changes channels",
    changed("wide", () => ({ out: { y: value("wide", 4) } })),
    "depthwise wide: its output has other channels than its input",
  ],
  [
    "a dense weight of other inputs",
    withIn("out", { weight: parameter("w", 9, 5) }),
    "dense out: w has the shape [9, 5], not [8, 5]",
  ],
  [
    "a batch norm with half of its statistics",
    withIn("norm", { mean: parameter("m", 8) }),
    "batchNorm norm: it has half of its statistics",
  ],
  [
    "a gamma of another length",
    withIn("norm", { gamma: parameter("g", 7) }),
    "batchNorm norm: g has the shape [7], not [8]",
  ],
  [
    "an activation that changes channels",
    changed("relu", () => ({ out: { y: value("relu", 4) } })),
    "activation relu: its output has other channels",
  ],
  ["an add of unequal channels", withIn("add", { branch: sound().input }), "add add: it adds unequal channels"],
  [
    "a multiply of unequal channels",
    withIn("scale", { factor: sound().input }),
    "multiply scale: it multiplies unequal channels",
  ],
  [
    "one parameter in two shapes",
    withIn("second", { weight: parameter("norm.gamma", 1, 1, 8, 8) }),
    "conv second: another node reads norm.gamma with another shape",
  ],
  [
    "an output that no node makes",
    { ...sound(), outputs: [value("nothing", 5)] },
    "net: the output nothing is never made",
  ],
])("%s is refused, and the message names the place", (_, graph, message) => {
  expect(() => verify(graph)).toThrow(message);
  expect(() => verify(graph, "fold-batch-norm")).toThrow(/^internal: after fold-batch-norm: net: /);
});

test("printing shows everything in order and does not depend on the names of values", () => {
  expect(print(sound())).toBe(
    `net(%0:3)
  %1:8 = conv(%0, first.weight[3×3×3×8]) kernel=3 stride=2
  %2:8 = batchNorm(%1, norm.gamma[8], norm.beta[8]) epsilon=0.00001
  %3:8 = activation(%2) function=relu
  %4:8 = conv(%3, second.weight[1×1×8×8], second.bias[8])
  %5:8 = add(%3, %4)
  %6:8 = globalAveragePool(%5)
  %7:8 = multiply(%5, %6)
  %8:8 = depthwise(%7, wide.weight[5×5×8]) kernel=5
  %9:8 = globalAveragePool(%8)
  %10:8 = flatten(%9)
  %11:8 = dropout(%10)
  %12:5 = dense(%11, out.weight[8×5], out.bias[5]) units=5
  return %12:5`,
  );
  const renamed = (graph: Graph): Graph =>
    JSON.parse(JSON.stringify(graph).replaceAll('"name":"relu"', '"name":"other"')) as Graph;
  expect(print(renamed(sound()))).toBe(print(sound()));
});

test("an elastic graph prints its axes, kernels and gates by name", async () => {
  const text = print(buildSupernet(await loadSpace("bignas")).graph);
  expect(text).toMatch(/stem≤\d+/);
  expect(text).toMatch(/kernel=\S*mb3\S*/);
  expect(text).toMatch(/gate=/);
});
