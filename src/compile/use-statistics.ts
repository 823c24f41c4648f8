/** Pass: batch norms take recalibrated statistics, as parameters named after them. */
import type { Graph, Node, Parameter } from "../graph/graph.js";
import { statisticsNames } from "./batch-statistics.js";
import type { Child } from "./child.js";

/** By the names of `statisticsNames`. */
export type Statistics = ReadonlyMap<string, Float32Array>;

export function useStatistics(child: Child, statistics: Statistics): Child {
  const weights = new Map(child.weights);
  const graph: Graph = {
    ...child.graph,
    nodes: child.graph.nodes.map((node): Node => {
      if (node.op !== "batchNorm") return node;
      const parameter = (name: string): Parameter => {
        const values = statistics.get(name);
        if (!values) throw new Error(`internal: no statistics ${name}`);
        weights.set(name, values);
        return { name, shape: node.in.gamma.shape, initializer: "zeros", decay: false };
      };
      const names = statisticsNames(node);
      return { ...node, in: { ...node.in, mean: parameter(names.mean), variance: parameter(names.variance) } };
    }),
  };
  return { graph, weights };
}
