/**
 * Joins a batch norm with its follower, so that one pass over memory does both: an activation function that is its only
 * reader, or the residual sum whose branch it ends.
 */
import type { PlainGraph } from "../../graph/graph.js";
import type { NodeOf, Trained } from "../../graph/operators.js";
import { readersOf } from "../../graph/rewrite.js";
import type { Value } from "../../graph/values.js";

type Norm = NodeOf<"batchNorm", "trained", number>;

interface Steps extends Omit<Trained<number>, "batchNorm"> {
  /** A batch norm with its followers; `y` is the last one's output. */
  readonly fusedNorm: {
    readonly norm: Norm;
    readonly activation?: NodeOf<"activation", "trained", number>;
    readonly residual?: Value<number>;
    readonly y: Value<number>;
  };
}

export type StepName = keyof Steps;
export type StepOf<Name extends StepName> = Steps[Name] & { readonly op: Name; readonly name: string };
export type Step = { [Name in StepName]: StepOf<Name> }[StepName];
export type FusedNorm = StepOf<"fusedNorm">;

/** The value that a step makes. */
export const outputOf = (step: Step): Value<number> => (step.op === "fusedNorm" ? step.y : step.out.y);

export function fuse(graph: PlainGraph<"trained">): readonly Step[] {
  const readers = readersOf(graph);
  const made = new Set([graph.input.name]);
  /** Nodes that are joined to a batch norm. */
  const taken = new Set<object>();
  const fused = (norm: Norm): FusedNorm => {
    const [next, ...others] = readers.get(norm.out.y.name) ?? [];
    const alone: FusedNorm = { op: "fusedNorm", name: norm.name, norm, y: norm.out.y };
    if (!next || others.length > 0) return alone;
    const isBranch = next.op === "add" && next.in.branch.name === norm.out.y.name && made.has(next.in.x.name);
    if (next.op !== "activation" && !isBranch) return alone;
    taken.add(next);
    if (next.op === "activation") return { ...alone, activation: next, y: next.out.y };
    return { ...alone, residual: next.in.x, y: next.out.y };
  };
  const steps: Step[] = [];
  for (const node of graph.nodes) {
    if (taken.has(node)) continue;
    const step = node.op === "batchNorm" ? fused(node) : node;
    steps.push(step);
    made.add(outputOf(step).name);
  }
  return steps;
}
