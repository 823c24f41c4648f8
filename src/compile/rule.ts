/** A rule: a pass that looks at the nodes of one operator and rewrites each, with its neighbours, or says why not. */
import { nodesOf, parametersOf, type PlainGraph } from "../graph/graph.js";
import type { Node, NodeOf, OperatorName } from "../graph/operators.js";
import { producersOf, readersOf } from "../graph/rewrite.js";
import type { Parameter } from "../graph/values.js";
import type { Numbers } from "./numbers.js";
import type { Note, Pass } from "./pass.js";

export type AnyNode = Node<"deployed", number>;

export interface Skip {
  readonly skip: string;
}

/** The reason why a rule does not apply, as a clause with the node as subject: "another node reads the conv". */
export const skip = (why: string): Skip => ({ skip: why });

export interface Rewrite {
  /** By node: what takes its place; undefined where nothing does. */
  readonly replace: ReadonlyMap<AnyNode, AnyNode | undefined>;
  /** Numbers of parameters that are new or changed, by name. */
  readonly weights: ReadonlyMap<string, Numbers>;
  readonly did: string;
}

/** What a rule sees: the graph before the pass. */
export interface Site {
  readonly graph: PlainGraph<"deployed">;
  readonly producers: ReadonlyMap<string, AnyNode>;
  readonly readers: ReadonlyMap<string, readonly (AnyNode | undefined)[]>;
  numbers(parameter: Parameter): Numbers;
}

export interface Rule<Name extends OperatorName<"deployed">> {
  readonly name: string;
  readonly op: Name;
  /** Undefined where the node is none of the rule's business. */
  readonly apply: (node: NodeOf<Name, "deployed", number>, site: Site) => Rewrite | Skip | undefined;
}

export const passOf = <Name extends OperatorName<"deployed">>({ name, op, apply }: Rule<Name>): Pass => ({
  name,
  run(child) {
    const { graph } = child;
    const weights = new Map(child.weights);
    const numbers = (parameter: Parameter): Numbers => {
      const found = weights.get(parameter.name);
      if (!found) throw new Error(`internal: ${name}: no numbers for ${parameter.name}`);
      return found;
    };
    const site: Site = { graph, producers: producersOf(graph), readers: readersOf(graph), numbers };
    const replaced = new Map<AnyNode, AnyNode | undefined>();
    const notes: Note[] = [];
    for (const node of nodesOf(graph, op)) {
      const result = apply(node, site);
      if (!result) continue;
      if ("skip" in result) {
        notes.push({ node: node.name, verdict: "skipped", detail: result.skip });
        continue;
      }
      notes.push({ node: node.name, verdict: "rewrote", detail: result.did });
      for (const [before, after] of result.replace) replaced.set(before, after);
      for (const [parameter, given] of result.weights) weights.set(parameter, given);
    }
    if (replaced.size === 0) return { child, notes };
    const nodes = graph.nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : [node]));
    const used = parametersOf({ nodes }).map((parameter) => [parameter.name, numbers(parameter)] as const);
    return { child: { graph: { ...graph, nodes }, weights: new Map(used) }, notes };
  },
});
