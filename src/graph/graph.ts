/**
 * The IR: one immutable graph of values, nodes and parameters. It is the only description of a network; training, counting,
 * slicing and export all read it.
 *
 * A graph's type has two parameters: the operators that it may hold (`trained` or `deployed`, operators.ts), and
 * whether architectures choose its sizes, kernels and gates (*elastic*) or all sizes are numbers (*plain*). Spatial
 * sizes are not stored: they follow from the resolution of the input (`inferExtents`).
 */
import type { Node, OperatorName, NodeOf, OperatorSet } from "./operators.js";
import { isParameter, type Parameter, type Size, type Value } from "./values.js";

/**
 * A network: values, and nodes that make them. `Set` says which operators may occur (those that train, those that ship), `S` whether sizes may
 * be elastic or are numbers.
 */
export interface Graph<Set extends OperatorSet = "any", S extends Size = Size> {
  readonly name: string;
  readonly input: Value<S>;
  /** In topological order. */
  readonly nodes: readonly Node<Set, S>[];
  readonly outputs: readonly Value<S>[];
}

/** A supernet: architectures choose its sizes. */
export type ElasticGraph<Set extends OperatorSet = "trained"> = Graph<Set>;

/** A child: all sizes are numbers and nothing is gated. */
export type PlainGraph<Set extends OperatorSet = "any"> = Graph<Set, number>;

/**
 * The row for a node in a table over operators. In a function that is generic in the operator's name, the compiler
 * knows that row and node belong together, so no table needs a cast.
 */
export const rowOf = <Table, Name extends keyof Table>(table: Table, { op }: { readonly op: Name }): Table[Name] =>
  table[op];

/** The nodes of one operator. */
export const nodesOf = <Name extends OperatorName<Set>, Set extends OperatorSet, S extends Size>(
  { nodes }: Pick<Graph<Set, S>, "nodes">,
  op: Name,
): NodeOf<Name, Set, S>[] => nodes.filter((node): node is Node<Set, S> & NodeOf<Name, Set, S> => node.op === op);

/** All inputs of a node, in the operator's order. */
export const inputsOf = <S extends Size>(node: Node<"any", S>): readonly (Value<S> | Parameter<S>)[] =>
  Object.values<Value<S> | Parameter<S> | undefined>(node.in).filter((input) => input !== undefined);

/** The activation inputs of a node, in the operator's order. */
export const valuesInto = <S extends Size>(node: Node<"any", S>): readonly Value<S>[] =>
  inputsOf(node).filter((input): input is Value<S> => !isParameter(input));

/** The outputs of a node; every node has at least one. */
export const valuesOutOf = <S extends Size>(node: Node<"any", S>): readonly Value<S>[] =>
  Object.values<Value<S>>(node.out);

/** Every parameter of the nodes once, in node order. */
export function parametersOf<S extends Size>({
  nodes,
}: {
  readonly nodes: readonly Node<"any", S>[];
}): readonly Parameter<S>[] {
  const found = new Map<string, Parameter<S>>();
  for (const node of nodes) {
    for (const input of inputsOf(node)) if (isParameter(input)) found.set(input.name, input);
  }
  return [...found.values()];
}
