/**
 * Pass: every batch norm normalises by its batch and puts its statistics out. The graph so made, run over training images on
 * onnxruntime, is the recalibration model.
 */
import type { Graph, Node, Value } from "../graph/graph.js";
import type { NodeOf } from "../graph/operators.js";

/** Outputs of the pass: for each batch norm, in order, its mean and its variance. */
export const statisticsNames = (norm: NodeOf<"batchNorm">): { mean: string; variance: string } => ({
  mean: `${norm.name}.mean`,
  variance: `${norm.name}.variance`,
});

export const batchStatistics = {
  name: "batch-statistics",
  run(graph: Graph): Graph {
    const outputs: Value[] = [];
    const nodes = graph.nodes.flatMap((node): Node[] => {
      if (node.op !== "batchNorm") return [node];
      const names = statisticsNames(node);
      const { channels } = node.in.x;
      const mean: Value = { name: names.mean, channels };
      const variance: Value = { name: names.variance, channels };
      outputs.push(mean, variance);
      const moments: NodeOf<"moments"> = {
        op: "moments",
        name: `${node.name}.moments`,
        in: { x: node.in.x },
        attributes: {},
        out: { mean, variance },
      };
      return [moments, { ...node, in: { ...node.in, mean, variance } }];
    });
    return { ...graph, nodes, outputs };
  },
} as const;
