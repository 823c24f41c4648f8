/** Checks what every graph must satisfy. A violation is a bug in nestling. */
import { facts } from "./facts.js";
import { inputsOf, rowOf, valuesOutOf, type Graph } from "./graph.js";
import { sameChannels, shaped } from "./legality.js";
import type { Node, NodeOf, OperatorName, OperatorSet } from "./operators.js";
import { isParameter, type Parameter, type Size, type Value } from "./values.js";

const faultOf = <Name extends OperatorName>(node: NodeOf<Name>): string | undefined => rowOf(facts, node).fault(node);

/** Only a cast has inputs and outputs of several data types. */
function mixedTypes(node: Node): string | undefined {
  const types = new Set([...inputsOf(node), ...valuesOutOf(node)].map(({ dtype }) => dtype));
  return node.op === "cast" || types.size === 1 ? undefined : `it mixes ${[...types].join(" and ")}`;
}

/** Returns the graph, or throws `internal: …` naming the node. `after` names the pass that made it. */
export function verify<Set extends OperatorSet, S extends Size>(graph: Graph<Set, S>, after?: string): Graph<Set, S>;
export function verify(graph: Graph, after?: string): Graph {
  const where = `internal: ${after ? `after ${after}: ` : ""}${graph.name}`;
  const fail = (node: Node, why: string): never => {
    throw new Error(`${where}: ${node.op} ${node.name}: ${why}`);
  };
  const made = new Map<string, Value>([[graph.input.name, graph.input]]);
  const parameters = new Map<string, Parameter>();
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (names.has(node.name)) fail(node, "its name is taken");
    names.add(node.name);
    for (const input of inputsOf(node)) {
      if (isParameter(input)) {
        const known = parameters.get(input.name);
        if (known && shaped(known, input.shape)) fail(node, `another node reads ${input.name} with another shape`);
        parameters.set(input.name, input);
      } else {
        const known = made.get(input.name);
        if (!known) fail(node, `it reads ${input.name} before it is made`);
        else if (!sameChannels(known.channels, input.channels))
          fail(node, `it reads ${input.name} with other channels`);
        else if (known.dtype !== input.dtype) fail(node, `it reads ${input.name} as ${input.dtype}`);
      }
    }
    const why = faultOf(node) ?? mixedTypes(node);
    if (why) fail(node, why);
    for (const value of valuesOutOf(node)) {
      if (made.has(value.name)) fail(node, `${value.name} is made twice`);
      made.set(value.name, value);
    }
  }
  for (const output of graph.outputs) {
    if (!made.has(output.name)) throw new Error(`${where}: the output ${output.name} is never made`);
  }
  return graph;
}
