/**
 * Joins a batch norm with what stands behind it, so that an activation is passed over once: the activation function that alone
 * reads it, or the residual sum that takes it as its branch.
 */
import { valuesInto, type Graph, type Node, type Value } from "../../graph/graph.js";
import type { NodeOf } from "../../graph/operators.js";

/** A batch norm with its followers; `y` is what the last of them puts out. */
export interface FusedNorm {
  readonly op: "fusedNorm";
  readonly norm: NodeOf<"batchNorm">;
  readonly activation?: NodeOf<"activation">;
  readonly residual?: Value;
  readonly y: Value;
}

export type Step = FusedNorm | Exclude<Node, { op: "batchNorm" }>;

export function fuse(graph: Graph): readonly Step[] {
  const readers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const value of valuesInto(node)) readers.set(value.name, [...(readers.get(value.name) ?? []), node]);
  }
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const made = new Set([graph.input.name]);
  const done = new Set<Node>();
  const steps: Step[] = [];
  for (const node of graph.nodes) {
    if (done.has(node)) continue;
    if (node.op === "batchNorm") {
      const only = outputs.has(node.out.y.name) ? undefined : readers.get(node.out.y.name);
      const next = only?.length === 1 ? only[0] : undefined;
      if (next?.op === "activation") {
        steps.push({ op: "fusedNorm", norm: node, activation: next, y: next.out.y });
      } else if (next?.op === "add" && next.in.branch.name === node.out.y.name && made.has(next.in.x.name)) {
        steps.push({ op: "fusedNorm", norm: node, residual: next.in.x, y: next.out.y });
      } else {
        steps.push({ op: "fusedNorm", norm: node, y: node.out.y });
      }
      if (next && steps.at(-1)?.op === "fusedNorm" && (steps.at(-1) as FusedNorm).y !== node.out.y) done.add(next);
      made.add((steps.at(-1) as FusedNorm).y.name);
    } else {
      steps.push(node);
      for (const value of Object.values<Value>(node.out)) made.add(value.name);
    }
  }
  return steps;
}
