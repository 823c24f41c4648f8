/** Pass: dropout is the identity outside training; its readers read what it reads. */
import { isParameter, type Graph, type Node, type Parameter, type Value } from "../graph/graph.js";
import type { Pass } from "./passes.js";

export const dropIdentities: Pass = {
  name: "drop-identities",
  run(child) {
    const graph = withoutDropout(child.graph);
    return graph === child.graph ? child : { ...child, graph };
  },
};

function withoutDropout(graph: Graph): Graph {
  const alias = new Map<string, Value>();
  for (const node of graph.nodes) {
    if (node.op === "dropout") alias.set(node.out.y.name, alias.get(node.in.x.name) ?? node.in.x);
  }
  if (alias.size === 0) return graph;
  const actual = (value: Value): Value => alias.get(value.name) ?? value;
  const rewired = (node: Node): Node =>
    ({
      ...node,
      in: Object.fromEntries(
        Object.entries(node.in as Record<string, Value | Parameter>).map(([key, input]) => [
          key,
          isParameter(input) ? input : actual(input),
        ]),
      ),
    }) as unknown as Node;
  return {
    ...graph,
    nodes: graph.nodes.filter(({ op }) => op !== "dropout").map(rewired),
    outputs: graph.outputs.map(actual),
  };
}
