/** What every graph must satisfy; passes verify what they take and what they give. A violation is our own mistake. */
import { isParameter, maximumOf, valuesOutOf, type Graph, type Node, type Parameter, type Value } from "./graph.js";
import type { NodeOf, OperatorName } from "./operators.js";

const same = (left: Value["channels"], right: Value["channels"]): boolean =>
  typeof left === "number" || typeof right === "number" ? left === right : left.name === right.name;

type Check<Name extends OperatorName> = (node: NodeOf<Name>) => string | undefined;

const preserves = (node: { in: { x: Value }; out: { y: Value } }): string | undefined =>
  same(node.in.x.channels, node.out.y.channels) ? undefined : "its output has other channels than its input";

const shaped = (parameter: Parameter, shape: Parameter["shape"]): string | undefined =>
  parameter.shape.length === shape.length &&
  parameter.shape.every((size, i) => maximumOf(size) === maximumOf(shape[i]!))
    ? undefined
    : `${parameter.name} has the shape [${parameter.shape.map(maximumOf).join(", ")}], not [${shape.map(maximumOf).join(", ")}]`;

const checks: { [Name in OperatorName]: Check<Name> } = {
  conv: ({ in: { x, weight, bias }, attributes: { kernel }, out: { y } }) =>
    shaped(weight, [kernel, kernel, x.channels, y.channels]) ?? (bias && shaped(bias, [y.channels])),
  depthwise: (node) =>
    preserves(node) ??
    shaped(node.in.weight, [node.attributes.kernel, node.attributes.kernel, node.in.x.channels]) ??
    (node.in.bias && shaped(node.in.bias, [node.in.x.channels])),
  dense: ({ in: { x, weight, bias }, out: { y } }) =>
    shaped(weight, [x.channels, y.channels]) ?? (bias && shaped(bias, [y.channels])),
  batchNorm: (node) =>
    preserves(node) ??
    shaped(node.in.gamma, [node.in.x.channels]) ??
    shaped(node.in.beta, [node.in.x.channels]) ??
    ((node.in.mean === undefined) !== (node.in.variance === undefined) ? "it has half of its statistics" : undefined),
  moments: () => undefined,
  activation: preserves,
  add: (node) =>
    preserves(node) ?? (same(node.in.x.channels, node.in.branch.channels) ? undefined : "it adds unequal channels"),
  multiply: (node) =>
    preserves(node) ??
    (same(node.in.x.channels, node.in.factor.channels) ? undefined : "it multiplies unequal channels"),
  averagePool: preserves,
  globalAveragePool: preserves,
  flatten: preserves,
  dropout: preserves,
};

/** Returns the graph, or throws `internal: …` naming the node. `after` says which pass made it. */
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
    for (const input of Object.values<Value | Parameter | undefined>(node.in)) {
      if (!input) continue;
      if (isParameter(input)) {
        const known = parameters.get(input.name);
        if (known && shaped(known, input.shape)) fail(node, `another node reads ${input.name} with another shape`);
        parameters.set(input.name, input);
      } else {
        const known = made.get(input.name);
        if (!known) fail(node, `it reads ${input.name} before it is made`);
        else if (!same(known.channels, input.channels)) fail(node, `it reads ${input.name} with other channels`);
      }
    }
    const why = (checks[node.op] as (node: Node) => string | undefined)(node);
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
