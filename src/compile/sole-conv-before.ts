/** Which convolution may be changed for the node behind it: one that nothing else reads, weights of its own included. */
import type { Graph, Node, Value } from "../graph/graph.js";
import type { NodeOf } from "../graph/operators.js";

export type AnyConv = NodeOf<"conv"> | NodeOf<"depthwise">;

/** The conv that makes a value, if output, weight and bias are each read once in the graph. */
export function soleConvBefore(graph: Graph): (value: Value) => AnyConv | undefined {
  const producers = new Map<string, Node>();
  /** Of values and parameters; what the graph puts out is read too. */
  const readers = new Map<string, number>();
  const read = ({ name }: { name: string }): Map<string, number> => readers.set(name, (readers.get(name) ?? 0) + 1);
  for (const node of graph.nodes) {
    for (const value of Object.values<Value>(node.out)) producers.set(value.name, node);
    Object.values<{ name: string }>(node.in).forEach(read);
  }
  graph.outputs.forEach(read);
  return (value) => {
    const conv = producers.get(value.name);
    if (conv?.op !== "conv" && conv?.op !== "depthwise") return undefined;
    const changed = [conv.out.y, conv.in.weight, ...(conv.in.bias ? [conv.in.bias] : [])];
    return changed.every(({ name }) => readers.get(name) === 1) ? conv : undefined;
  };
}
