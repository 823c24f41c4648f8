/**
 * The IR: one immutable graph of values, nodes and parameters. It is the only description of a network; training, counting,
 * slicing and export all read it.
 *
 * A graph says two things in its type: which operators it may hold (`trained` or `deployed`, operators.ts), and whether a size in it may
 * be an axis, a kernel or a gate of an architecture (*elastic*) or is a number (*plain*). Spatial sizes are not stored: they follow
 * from the resolution of the input (`inferExtents`).
 */
import type { Node, OperatorName, NodeOf, OperatorSet } from "./operators.js";
import { isParameter, type Parameter, type Size, type Value } from "./values.js";

export interface Graph<Set extends OperatorSet = "any", S extends Size = Size> {
  readonly name: string;
  readonly input: Value<S>;
  /** In topological order. */
  readonly nodes: readonly Node<Set, S>[];
  readonly outputs: readonly Value<S>[];
}

/** A supernet: sizes that an architecture chooses. */
export type ElasticGraph<Set extends OperatorSet = "trained"> = Graph<Set>;

/** A child: all sizes are numbers, nothing is gated. */
export type PlainGraph<Set extends OperatorSet = "any"> = Graph<Set, number>;

/**
 * A node's row of a table over operators. In a function that is generic in the operator's name, row and node are known to belong
 * together: no table needs a cast.
 */
export const rowOf = <Table, Name extends keyof Table>(table: Table, { op }: { readonly op: Name }): Table[Name] =>
  table[op];

/** The nodes of one operator. */
export const nodesOf = <Name extends OperatorName<Set>, Set extends OperatorSet, S extends Size>(
  { nodes }: Pick<Graph<Set, S>, "nodes">,
  op: Name,
): NodeOf<Name, Set, S>[] => nodes.filter((node): node is Node<Set, S> & NodeOf<Name, Set, S> => node.op === op);

/** What a node reads, in the operator's order. */
export const inputsOf = <S extends Size>(node: Node<"any", S>): readonly (Value<S> | Parameter<S>)[] =>
  Object.values<Value<S> | Parameter<S> | undefined>(node.in).filter((input) => input !== undefined);

/** The activation inputs of a node, in the operator's order. */
export const valuesInto = <S extends Size>(node: Node<"any", S>): readonly Value<S>[] =>
  inputsOf(node).filter((input): input is Value<S> => !isParameter(input));

/** What a node makes; every node makes at least one value. */
export const valuesOutOf = <S extends Size>(node: Node<"any", S>): readonly Value<S>[] =>
  Object.values<Value<S>>(node.out);

/** Every parameter of some nodes once, in node order. */
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
