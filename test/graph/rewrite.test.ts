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

test("producersOf maps each value to the node that makes it", () => {
  expect(producersOf(graph).get("sum")?.name).toBe("sum");
  expect(producersOf(graph).get(b.input.name)).toBeUndefined();
});

test("readersOf lists readers of values and parameters once per use, the graph itself for its outputs", () => {
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

test("replaceUses replaces a value wherever it is read or output; other nodes stay the same objects", () => {
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

test("plainNode decides sizes and drops the attributes of elastic graphs", () => {
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
