/**
 * Pass: a graph for training whose values are rounded where an int8 child's are (src/compile/places.ts, `everyValue`, after batch norm is
 * folded), each once:
 *
 *   rounded       the input, sums, products, pooled values, activations, and what a layer makes that no relu or relu6 alone reads
 *   left alone    logits; between a layer, its batch norm and its relu, which runtimes fuse; what only passes a value on (flatten, dropout,
 *                 a bypass and its sum)
 *
 * Rounding changes nothing that is rounded already, and keeps zeros. So the masked supernet may round the sum of a closed branch again.
 */
import { activations } from "../graph/activations.js";
import type { Graph } from "../graph/graph.js";
import type { FakeQuantization, Node } from "../graph/operators.js";
import { producersOf, readersOf, replaceUses } from "../graph/rewrite.js";
import type { Size, Value } from "../graph/values.js";
import { verify } from "../graph/verify.js";
import { isBypass } from "./slice.js";

/** @param bits of each value: 8 are 256 numbers */
export function fakeQuantized<S extends Size>(graph: Graph<"trained", S>, bits: number): Graph<"trained", S>;
export function fakeQuantized(graph: Graph<"trained">, bits: number): Graph<"trained"> {
  const isRounded = placesIn(graph);
  const instead = new Map<string, Value>();
  const rounding = (x: Value, attributes: FakeQuantization): Node<"trained"> => {
    const y = { ...x, name: `${x.name}.rounded` };
    instead.set(x.name, y);
    return { op: "fakeQuantize", name: y.name, in: { x }, attributes, out: { y } };
  };
  const first = rounding(graph.input, { bits });
  const after = graph.nodes.map((node) => (isRounded(node) ? [rounding(node.out.y, { bits, ...rangeOf(node) })] : []));
  const read = replaceUses(graph, instead);
  const nodes = [first, ...read.nodes.flatMap((node, i) => [node, ...after[i]!])];
  return verify({ ...graph, nodes }, "fake-quantize");
}

/** Which nodes' values are rounded. */
function placesIn(graph: Graph<"trained">): (node: Node<"trained">) => boolean {
  const producers = producersOf<Node<"trained">>(graph);
  const readers = readersOf(graph);
  const logits = new Set(graph.outputs.map(({ name }) => name));
  const isConv = (node: Node | undefined): boolean => node?.op === "conv" || node?.op === "depthwise";
  const soleReader = ({ name }: Value): Node | undefined => {
    const [reader, ...others] = readers.get(name) ?? [];
    return others.length === 0 ? reader : undefined;
  };
  /** Whether a node ends a convolution, its batch norm included. */
  const endsConv = (node: Node<"trained">): boolean => {
    if (node.op !== "batchNorm") return isConv(node);
    const conv = producers.get(node.in.x.name);
    return isConv(conv) && soleReader(node.in.x) !== undefined;
  };
  return (node) => {
    const { y } = node.out;
    if (logits.has(y.name) || node.op === "flatten" || node.op === "dropout" || isBypass(node)) return false;
    if (node.op === "add") return ![node.in.x, node.in.branch].some(({ name }) => isBypassAt(producers, name));
    const next = soleReader(y);
    return !(isConv(node) && next?.op === "batchNorm") && !(endsConv(node) && isRelu(next));
  };
}

const isBypassAt = (producers: ReadonlyMap<string, Node>, name: string): boolean => {
  const producer = producers.get(name);
  return producer !== undefined && isBypass(producer);
};

const isRelu = (node: Node | undefined): boolean =>
  node?.op === "activation" && (node.attributes.function === "relu" || node.attributes.function === "relu6");

/**
 * A sigmoid's range is its own: between 0 and 1. The largest value of a masked supernet is no child's, since masked channels are ½ there
 * instead of 0.
 */
const rangeOf = (node: Node<"trained">): Pick<FakeQuantization, "range"> =>
  node.op === "activation" && !activations[node.attributes.function].keepsZero ? { range: [0, 1] } : {};
