/**
 * What a plain graph costs: MACs, parameters, peak bytes of activations, and bytes of all of them.
 *
 * Counting rule (AttentiveNAS and once-for-all): count convolutions and dense layers, including those of
 * squeeze-and-excite and of shortcuts; do not count batch norm, biases, activations, pooling, element-wise operators. 1
 * MAC = one multiply and add.
 */
import { pixelsOf, type Extents } from "./extents.js";
import { facts } from "./facts.js";
import { nodesOf, parametersOf, rowOf, valuesInto, valuesOutOf, type PlainGraph } from "./graph.js";
import type { Node, NodeOf, OperatorName } from "./operators.js";
import { inferExtents } from "./shapes.js";
import { bytesOfType, elementsOf, type Value } from "./values.js";

/** What one image costs in a plain graph. */
export interface Cost {
  /** Multiply-accumulates of one image. */
  readonly macs: number;
  /** Number of trained values, including gamma and beta but not recalibrated statistics. */
  readonly parameters: number;
  /**
   * Most bytes of activations alive at once, for one image. An operator works in place if nothing else reads its input.
   */
  readonly peakBytes: number;
}

/** MACs of one node. */
export const macsOf = <Name extends OperatorName>(node: NodeOf<Name, "any", number>, extents: Extents): number =>
  rowOf(facts, node).macs(node, extents);

/** The cost of a plain graph at a resolution. */
export function costOf(graph: PlainGraph, resolution: number): Cost {
  const extents = inferExtents(graph, resolution);
  // Statistics are measured, not trained.
  const statistics = new Set(
    nodesOf(graph, "batchNorm").flatMap(({ in: { mean, variance } }) => [mean?.name, variance?.name]),
  );
  return {
    macs: graph.nodes.reduce((sum, node) => sum + macsOf(node, extents), 0),
    parameters: parametersOf(graph)
      .filter(({ name }) => !statistics.has(name))
      .reduce((sum, parameter) => sum + elementsOf(parameter), 0),
    peakBytes: peakBytes(graph, extents),
  };
}

/**
 * Bytes of the image and of every value that a pass forward makes from it, each once: what a pass backward may need. None shares
 * another's memory.
 */
export function activationBytes(graph: PlainGraph, resolution: number): number {
  const extents = inferExtents(graph, resolution);
  return [graph.input, ...graph.nodes.flatMap((node) => valuesOutOf(node))].reduce(
    (sum, value) => sum + bytesIn(extents, value),
    0,
  );
}

const bytesIn = (extents: Extents, value: Value<number>): number =>
  bytesOfType[value.dtype] * value.channels * pixelsOf(extents, value);

function peakBytes(graph: PlainGraph, extents: Extents): number {
  const lastUse = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    for (const value of valuesInto(node)) lastUse.set(value.name, index);
  });
  for (const value of graph.outputs) lastUse.set(value.name, graph.nodes.length);
  const bytes = (value: Value<number>): number => bytesIn(extents, value);
  const isInPlace = ({ op }: Node): boolean => facts[op].inPlace;
  let alive = bytes(graph.input);
  let peak = alive;
  graph.nodes.forEach((node, index) => {
    const dying = [...new Set(valuesInto(node))].filter((value) => lastUse.get(value.name) === index);
    const freed = dying.reduce((sum, value) => sum + bytes(value), 0);
    const made = valuesOutOf(node).reduce((sum, value) => sum + bytes(value), 0);
    const first = valuesInto(node)[0];
    const reuse = isInPlace(node) && first && dying.includes(first) ? Math.min(bytes(first), made) : 0;
    peak = Math.max(peak, alive + made - reuse);
    alive += made - freed;
  });
  return peak;
}
