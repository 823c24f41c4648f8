/** A rule: a pass that looks at each node of one operator and rewrites it and its neighbours, or reports why not. */
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

/** Why a rule does not apply to a node, as a clause: "another node reads the conv". */
export const skip = (why: string): Skip => ({ skip: why });

export interface Rewrite {
  /** Replacements for each node, in their order; none removes it. */
  readonly replace: ReadonlyMap<AnyNode, readonly AnyNode[]>;
  /** Values of new or changed parameters, by name. */
  readonly weights: ReadonlyMap<string, Numbers>;
  readonly did: string;
}

/** What a rule can see: the graph before the pass. */
export interface Site {
  readonly graph: PlainGraph<"deployed">;
  readonly producers: ReadonlyMap<string, AnyNode>;
  readonly readers: ReadonlyMap<string, readonly (AnyNode | undefined)[]>;
  numbers(parameter: Parameter): Numbers;
}

export interface Rule<Name extends OperatorName<"deployed">> {
  readonly name: string;
  readonly op: Name;
  /** Returns undefined if the rule has nothing to do with the node. */
  readonly apply: (node: NodeOf<Name, "deployed", number>, site: Site) => Rewrite | Skip | undefined;
}

export const passOf = <Name extends OperatorName<"deployed">>({ name, op, apply }: Rule<Name>): Pass => ({
  name,
  run(child) {
    const { graph } = child;
    const weights = new Map(child.weights);
    const numbers = (parameter: Parameter): Numbers => {
      const found = weights.get(parameter.name);
      if (!found) throw new Error(`internal: ${name}: no values for ${parameter.name}`);
      return found;
    };
    let producers: Site["producers"] | undefined;
    let readers: Site["readers"] | undefined;
    const site: Site = {
      graph,
      // Made when the first node asks: most graphs have nothing for most rules.
      get producers() {
        return (producers ??= producersOf(graph));
      },
      get readers() {
        return (readers ??= readersOf(graph));
      },
      numbers,
    };
    const replaced = new Map<AnyNode, readonly AnyNode[]>();
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
    const nodes = graph.nodes.flatMap((node) => replaced.get(node) ?? [node]);
    const used = parametersOf({ nodes }).map((parameter) => [parameter.name, numbers(parameter)] as const);
    return { child: { graph: { ...graph, nodes }, weights: new Map(used) }, notes };
  },
});
