/**
 * Where values are quantised. A value that several nodes read as 8 bits is quantised once for all of them. Nobody reads a conv's output as 8 bits
 * that a relu alone reads, since runtimes fuse the two, and logits stay float32. Layers may be kept in float32: what is between them stays so, too.
 */
import { valuesInto, valuesOutOf, type PlainGraph } from "../graph/graph.js";
import { producersOf, readersOf } from "../graph/rewrite.js";
import type { Value } from "../graph/values.js";
import type { AnyNode } from "./rule.js";

/** Layers that stay in float32, and why. */
export type Kept = ReadonlyMap<string, string>;

/** Whether a node reads a value as 8 bits. */
export type Reads8Bits = (node: AnyNode, value: Pick<Value<number>, "name">) => boolean;

/** A rule of which nodes read what as 8 bits. */
export type Places = (graph: PlainGraph<"deployed">, kept: Kept) => Reads8Bits;

export const isLayer = (node: AnyNode): boolean => "weight" in node.in;

/** The layers that may be kept in float32: those with weights. */
export const layersOf = (graph: PlainGraph<"deployed">): string[] =>
  graph.nodes.filter(isLayer).map(({ name }) => name);

/** The values that may be quantised at all: all but logits and what a relu fuses with. */
export function quantizable(graph: PlainGraph<"deployed">): Value<number>[] {
  const readers = readersOf(graph);
  const logits = new Set(graph.outputs.map(({ name }) => name));
  const isFused = (node: AnyNode, { name }: Value): boolean =>
    (node.op === "conv" || node.op === "depthwise") && readers.get(name)!.length === 1 && isRelu(readers.get(name)![0]);
  const made = graph.nodes.flatMap((node) =>
    valuesOutOf(node).filter((value) => !logits.has(value.name) && !isFused(node, value)),
  );
  return [graph.input, ...made];
}

const isRelu = (node: AnyNode | undefined): boolean =>
  node?.op === "activation" && (node.attributes.function === "relu" || node.attributes.function === "relu6");

/**
 * Every node reads 8 bits, as onnxruntime fuses: it wants each node between a DequantizeLinear and a QuantizeLinear. Where every node around a
 * value computes in float32, it stays as it is.
 */
export const everyValue: Places = (graph, kept) => {
  const floats = inFloat(graph, kept);
  const readers = readersOf(graph);
  const made = new Set([...floats].flatMap((node) => valuesOutOf(node).map(({ name }) => name)));
  const staysFloat = (name: string): boolean =>
    (made.has(name) || name === graph.input.name) &&
    readers.get(name)!.every((node) => node !== undefined && floats.has(node));
  const names = quantizable(graph).map(({ name }) => name);
  const wanted = new Set(names.filter((name) => !staysFloat(name)));
  return (_, { name }) => wanted.has(name);
};

/** The nodes that compute in float32: the layers kept, and what is made from their values alone. */
function inFloat(graph: PlainGraph<"deployed">, kept: Kept): ReadonlySet<AnyNode> {
  const values = new Set<string>();
  return new Set(
    graph.nodes.filter((node) => {
      const follows = !isLayer(node) && valuesInto(node).every(({ name }) => values.has(name));
      if (!follows && !kept.has(node.name)) return false;
      for (const { name } of valuesOutOf(node)) values.add(name);
      return true;
    }),
  );
}

/**
 * Layers and poolings read 8 bits, and sums on their residual side, as TensorRT fuses: a layer with what reads its output alone, up to the next
 * QuantizeLinear. The side of a sum that a layer makes for it alone stays float32, since a QuantizeLinear between would part the two.
 */
export const layerInputs: Places = (graph, kept) => {
  const producers = producersOf<AnyNode>(graph);
  const readers = readersOf(graph);
  const joinsItsLayer = (name: string): boolean => {
    const producer = producers.get(name);
    return producer !== undefined && isLayer(producer) && readers.get(name)!.length === 1;
  };
  return (node, { name }) => {
    if (kept.has(node.name)) return false;
    if (node.op === "add") return !(name === node.in.branch.name && joinsItsLayer(name));
    return isLayer(node) || node.op === "averagePool" || node.op === "globalAveragePool";
  };
};
