/**
 * The toolkit for searching and changing graphs: producers and readers of a value, nodes with other inputs or other
 * sizes, removal of nodes that are no longer needed.
 */
import { inputsOf, valuesInto, valuesOutOf, type Graph } from "./graph.js";
import type { Node, OperatorSet } from "./operators.js";
import { isParameter, type Channels, type Kernel, type Parameter, type Size, type Value } from "./values.js";

/** The node that makes each value, by the value's name. */
export function producersOf<N extends Node>({ nodes }: { readonly nodes: readonly N[] }): ReadonlyMap<string, N> {
  const producers = new Map<string, N>();
  for (const node of nodes) for (const { name } of valuesOutOf(node)) producers.set(name, node);
  return producers;
}

/**
 * The nodes that read each value and parameter, by name, once per use; `undefined` is the graph itself, for its
 * outputs.
 */
export function readersOf<N extends Node>(graph: {
  readonly nodes: readonly N[];
  readonly outputs: readonly Value[];
}): ReadonlyMap<string, readonly (N | undefined)[]> {
  const readers = new Map<string, (N | undefined)[]>();
  const add = (name: string, reader: N | undefined): void => {
    const known = readers.get(name);
    if (known) known.push(reader);
    else readers.set(name, [reader]);
  };
  for (const node of graph.nodes) for (const { name } of inputsOf(node)) add(name, node);
  for (const { name } of graph.outputs) add(name, undefined);
  return readers;
}

/** Names of the values that follow from the input alone, without a parameter: nothing needs their gradients. */
export function valuesOfInputAlone({ input, nodes }: Pick<Graph, "input" | "nodes">): ReadonlySet<string> {
  const found = new Set([input.name]);
  for (const node of nodes) {
    if (!inputsOf(node).every((part) => !isParameter(part) && found.has(part.name))) continue;
    for (const { name } of valuesOutOf(node)) found.add(name);
  }
  return found;
}

/** The nodes that an output depends on, in their order. */
export function liveNodes<N extends Node>(nodes: readonly N[], outputs: readonly Value[]): readonly N[] {
  const wanted = new Set(outputs.map(({ name }) => name));
  const kept: N[] = [];
  for (const node of nodes.toReversed()) {
    if (!valuesOutOf(node).some(({ name }) => wanted.has(name))) continue;
    kept.push(node);
    for (const { name } of valuesInto(node)) wanted.add(name);
  }
  return kept.reverse();
}

/** How to change a node's parts. */
export interface Change<From extends Size, To extends Size> {
  readonly read: (value: Value<From>) => Value<To>;
  readonly make: (value: Value<From>) => Value<To>;
  readonly parameter: (parameter: Parameter<From>) => Parameter<To>;
  readonly attributes?: (attributes: object) => object;
}

/**
 * The node with its parts changed. The types of `change` give the old and new sizes; operator and names of parts stay
 * the same.
 */
export function mapNode<Set extends OperatorSet, From extends Size, To extends Size>(
  node: Node<Set, From>,
  change: Change<From, To>,
): Node<Set, To>;
export function mapNode(
  node: Node,
  { read, make, parameter, attributes = (same) => same }: Change<Size, Size>,
): object {
  const input = (part: Value | Parameter): Value | Parameter => (isParameter(part) ? parameter(part) : read(part));
  return {
    ...node,
    in: mapParts(node.in, input),
    attributes: attributes(node.attributes),
    out: mapParts(node.out, make),
  };
}

const mapParts = <Part>(parts: Readonly<Record<string, Part>>, change: (part: Part) => Part): Record<string, Part> =>
  Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, change(part)]));

/** Replaces values, by name, wherever they are read. Unchanged nodes stay the same objects. */
export function replaceUses<Set extends OperatorSet, S extends Size>(
  graph: Graph<Set, S>,
  by: ReadonlyMap<string, Value<S>>,
): Graph<Set, S>;
export function replaceUses(graph: Graph, by: ReadonlyMap<string, Value>): Graph {
  const read = (value: Value): Value => by.get(value.name) ?? value;
  const parts = { read, make: (value: Value) => value, parameter: (parameter: Parameter) => parameter };
  const isChanged = (node: Node): boolean => valuesInto(node).some(({ name }) => by.has(name));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (isChanged(node) ? mapNode(node, parts) : node)),
    outputs: graph.outputs.map(read),
  };
}

/** A value with plain sizes. */
export const plainValue = (value: Value, sizeOf: (size: Size) => number): Value<number> => ({
  ...value,
  channels: sizeOf(value.channels),
});

/**
 * A node with plain sizes: sizes, gates and identity are decided.
 * @param read the value to read instead of another
 */
export const plainNode = <Set extends OperatorSet>(
  node: Node<Set>,
  sizeOf: (size: Channels | Kernel) => number,
  read = (value: Value): Value<number> => plainValue(value, sizeOf),
): Node<Set, number> =>
  mapNode<Set, Size, number>(node, {
    read,
    make: (value) => plainValue(value, sizeOf),
    parameter: (parameter) => ({ ...parameter, shape: parameter.shape.map(sizeOf) }),
    attributes: (all) => {
      const { gate, identityWhenSquare, bypasses, ...attributes }: ElasticAttributes = all;
      return attributes.kernel === undefined ? attributes : { ...attributes, kernel: sizeOf(attributes.kernel) };
    },
  });

interface ElasticAttributes {
  readonly gate?: unknown;
  readonly identityWhenSquare?: unknown;
  readonly bypasses?: unknown;
  readonly kernel?: Kernel;
}
