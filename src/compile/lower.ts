/**
 * The lowering, from the operators of training to those of deployment. Dropout and fake quantisation are the identity outside training, so
 * their readers read their input instead. A batch norm that normalises by the batch becomes `moments` and a normalisation by
 * them, the same function; recalibration then replaces the moments with measured statistics.
 */
import type { Node, NodeOf } from "../graph/operators.js";
import { replaceUses } from "../graph/rewrite.js";
import type { Value } from "../graph/values.js";
import type { Note, Pass } from "./pass.js";

export const lower: Pass<"trained"> = {
  name: "lower",
  run({ graph, weights }) {
    const alias = new Map<string, Value<number>>();
    for (const { op, in: inputs, out } of graph.nodes) {
      if (op === "dropout" || op === "fakeQuantize") alias.set(out.y.name, alias.get(inputs.x.name) ?? inputs.x);
    }
    const notes: Note[] = [];
    const did = (node: string, detail: string): void => void notes.push({ node, verdict: "rewrote", detail });
    const nodes = graph.nodes.flatMap((node): Node<"deployed", number>[] => {
      if (node.op === "dropout" || node.op === "fakeQuantize") {
        did(node.name, "dropped, since it is the identity outside training");
        return [];
      }
      if (node.op !== "batchNorm") return [node];
      did(node.name, "given its own moments");
      const moments = momentsBefore(node);
      return [moments, { ...node, in: { ...node.in, ...moments.out } }];
    });
    return { child: { graph: replaceUses({ ...graph, nodes }, alias), weights }, notes };
  },
};

function momentsBefore(norm: NodeOf<"batchNorm", "trained", number>): NodeOf<"moments", "deployed", number> {
  const { x } = norm.in;
  const vector = (name: string): Value<number> => ({ ...x, name: `${norm.name}.${name}` });
  return {
    op: "moments",
    name: `${norm.name}.moments`,
    in: { x },
    attributes: {},
    out: { mean: vector("mean"), variance: vector("variance") },
  };
}
