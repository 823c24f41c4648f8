/**
 * What a child's layers cost a device, by kind of layer: calls, multiply-accumulates, and numbers that are read and written. Read from the
 * slice of the supernet, without compiling: batch norm is folded there, and ReLU is part of the convolution before it.
 */
import { macsOf } from "../../graph/analyses.js";
import { extentOf, pixelsOf, type Extents } from "../../graph/extents.js";
import { facts } from "../../graph/facts.js";
import { inputsOf, valuesInto, valuesOutOf, type PlainGraph } from "../../graph/graph.js";
import type { Node } from "../../graph/operators.js";
import { elementsOf, isParameter } from "../../graph/values.js";

/** By kind of layer and what is counted of it, such as `conv 1x1 macs`. */
export type LayerCosts = Readonly<Record<string, number>>;

/** Version of the kinds and of what is counted: a profile's costs mean something only with those that it was fitted to. */
export const layerKinds = 1;

/** Image channels and the like: what reads so few runs in other kernels than all else. */
const FEW_CHANNELS = 4;

/** @param extents of the graph at the child's resolution */
export function layerCostsOf(graph: PlainGraph<"trained">, extents: Extents): LayerCosts {
  const costs: Record<string, number> = {};
  const add = (name: string, amount: number): void => {
    if (amount > 0) costs[name] = (costs[name] ?? 0) + amount;
  };
  for (const node of graph.nodes) {
    const kind = kindOf(node, extents);
    if (kind === undefined) continue;
    add(`${kind} calls`, 1);
    add(`${kind} macs`, macsOf(node, extents));
    add(`${kind} moved`, movedBy(node, extents));
  }
  return costs;
}

/** Undefined of what takes no time of its own. */
function kindOf(node: Node<"trained", number>, extents: Extents): string | undefined {
  if (node.op === "activation") {
    const { function: name } = node.attributes;
    return name === "relu" || name === "relu6" ? undefined : name;
  }
  if (facts[node.op].free) return undefined;
  if (node.op === "depthwise") return `depthwise ${node.attributes.kernel}x${node.attributes.kernel}`;
  if (node.op !== "conv") return node.op;
  const { kernel } = node.attributes;
  // The two convolutions of a squeeze-and-excite.
  if (extentOf(extents, node.in.x) === 1) return "conv of a vector";
  return node.in.x.channels < FEW_CHANNELS ? "conv of an image" : `conv ${kernel}x${kernel}`;
}

/** Numbers of its inputs, weights and outputs. */
function movedBy(node: Node<"trained", number>, extents: Extents): number {
  const values = [...valuesInto(node), ...valuesOutOf(node)];
  const weights = inputsOf(node).filter(isParameter);
  return (
    values.reduce((sum, value) => sum + value.channels * pixelsOf(extents, value), 0) +
    weights.reduce((sum, parameter) => sum + elementsOf(parameter), 0)
  );
}
