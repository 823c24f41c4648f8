import { expect, test } from "vitest";
import { graphBuilder } from "../../src/graph/builder.js";
import type { PlainGraph } from "../../src/graph/graph.js";
import { print } from "../../src/graph/print.js";
import { liveNodes, plainNode, producersOf, readersOf, replaceUses } from "../../src/graph/rewrite.js";
import { maximumOf, type Axis } from "../../src/graph/values.js";
import { verify } from "../../src/graph/verify.js";

const b = graphBuilder<number>("net", 2);
const a = b.conv("a", b.input, { out: 2 });
const c = b.activation("c", a, "relu");
const unused = b.activation("unused", a, "swish");
const sum = b.add("sum", c, c);
const graph: PlainGraph<"trained"> = b.build([sum, a]);
const names = (nodes: readonly ({ readonly name: string } | undefined)[] = []) => nodes.map((node) => node?.name);

test("producers are found by the values that they make", () => {
  expect(producersOf(graph).get("sum")?.name).toBe("sum");
  expect(producersOf(graph).get(b.input.name)).toBeUndefined();
});

test("readers are found once for each time they read, the graph among them; of parameters too", () => {
  const readers = readersOf(graph);
  expect(names(readers.get("a"))).toEqual(["c", "unused", undefined]);
  expect(names(readers.get("c"))).toEqual(["sum", "sum"]);
  expect(names(readers.get("a.weight"))).toEqual(["a"]);
  expect(readers.get("unused")).toBeUndefined();
});

test("live nodes are those that an output depends on", () => {
  expect(names(liveNodes(graph.nodes, graph.outputs))).toEqual(["a", "c", "sum"]);
  expect(names(liveNodes(graph.nodes, [unused]))).toEqual(["a", "unused"]);
});

test("a value gives way to another wherever it is read, put out too; what reads neither stays the same node", () => {
  const replaced = verify(replaceUses(graph, new Map([["c", a]])));
  expect(print(replaced)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = conv(%0, a.weight[1×1×2×2])
      %2:2 = activation(%1) function=relu
      %3:2 = activation(%1) function=swish
      %4:2 = add(%1, %1)
      return %4:2, %1:2"
  `);
  expect(replaced.nodes[0]).toBe(graph.nodes[0]);
  expect(replaced.nodes[3]).not.toBe(graph.nodes[3]);
  expect(replaceUses(graph, new Map([["a", c]])).outputs).toEqual([sum, c]);
});

test("a node in numbers: sizes are decided, and what only an elastic graph can say is gone", () => {
  const axis: Axis = { kind: "axis", name: "width", maximum: 8 };
  const elastic = graphBuilder("net", 2);
  const kernel = { kind: "kernel", name: "kernel", maximum: 5 } as const;
  const x = elastic.conv("conv", elastic.input, { out: axis, kernel, identityWhenSquare: true });
  elastic.bypass("bypass", elastic.batchNorm("norm", x, { gate: { name: "gate" } }), { name: "gate" });
  const whole = elastic.build([x]);
  const plain: PlainGraph<"trained"> = {
    ...graph,
    nodes: whole.nodes.map((node) => plainNode(node, maximumOf)),
  };
  expect(plain.nodes.map(({ attributes }) => attributes)).toEqual([
    { kernel: 5, stride: 1 },
    { epsilon: 1e-5 },
    { kernel: 1, stride: 1 },
  ]);
  expect(plain.nodes.map(({ out: { y } }) => y.channels)).toEqual([8, 8, 8]);
  expect(plain.nodes[0]).toHaveProperty("in.weight.shape", [5, 5, 2, 8]);
});
