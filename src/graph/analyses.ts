/**
 * What a plain graph costs: MACs, parameters and peak bytes of activations.
 *
 * Counting rule (AttentiveNAS and once-for-all): convolutions and dense layers, those of squeeze-and-excite and of shortcuts
 * included; batch norm, biases, activations, pooling, element-wise operators not. 1 MAC = one multiply and add.
 */
import { parametersOf, plainSize, valuesInto, valuesOutOf, type Graph, type Node, type Value } from "./graph.js";
import type { NodeOf, OperatorName } from "./operators.js";
import { inferExtents, pixelsOf, type Extents } from "./shapes.js";

/** What one image costs in a plain graph. */
export interface Cost {
  /** Multiply-accumulates of one image. */
  readonly macs: number;
  /** Trained values; gamma and beta included, recalibrated statistics not. */
  readonly parameters: number;
  /** Largest sum of float32 activations alive at once, for one image, in place where nothing else reads the input. */
  readonly peakBytes: number;
}

const none = (): number => 0;
const macRules: { [Name in OperatorName]: (node: NodeOf<Name>, extents: Extents) => number } = {
  conv: (node, extents) =>
    pixelsOf(extents, node.out.y) *
    plainSize(node.attributes.kernel) ** 2 *
    plainSize(node.in.x.channels) *
    plainSize(node.out.y.channels),
  depthwise: (node, extents) =>
    pixelsOf(extents, node.out.y) * plainSize(node.attributes.kernel) ** 2 * plainSize(node.out.y.channels),
  dense: (node) => plainSize(node.in.x.channels) * plainSize(node.out.y.channels),
  batchNorm: none,
  moments: none,
  activation: none,
  add: none,
  multiply: none,
  averagePool: none,
  globalAveragePool: none,
  flatten: none,
  dropout: none,
};

/** MACs of one node. */
export const macsOf = (node: Node, extents: Extents): number =>
  (macRules[node.op] as (node: Node, extents: Extents) => number)(node, extents);

/** Statistics are measured, not trained. */
const isStatistic = (node: Node, name: string): boolean =>
  node.op === "batchNorm" && (node.in.mean?.name === name || node.in.variance?.name === name);

/** The cost of a plain graph at a resolution. */
export function costOf(graph: Graph, resolution: number): Cost {
  const extents = inferExtents(graph, resolution);
  const statistics = new Set(
    graph.nodes.flatMap((node) =>
      parametersOf({ ...graph, nodes: [node] })
        .filter(({ name }) => isStatistic(node, name))
        .map(({ name }) => name),
    ),
  );
  return {
    macs: graph.nodes.reduce((sum, node) => sum + macsOf(node, extents), 0),
    parameters: parametersOf(graph)
      .filter(({ name }) => !statistics.has(name))
      .reduce((sum, { shape }) => sum + shape.reduce<number>((product, size) => product * plainSize(size), 1), 0),
    peakBytes: peakBytes(graph, extents),
  };
}

/** Operators whose output may take the place of their first input. */
const inPlace: ReadonlySet<OperatorName> = new Set<OperatorName>([
  "batchNorm",
  "activation",
  "add",
  "multiply",
  "flatten",
  "dropout",
]);

function peakBytes(graph: Graph, extents: Extents): number {
  const lastUse = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    for (const value of valuesInto(node)) lastUse.set(value.name, index);
  });
  for (const value of graph.outputs) lastUse.set(value.name, graph.nodes.length);
  const bytes = (value: Value): number => 4 * plainSize(value.channels) * pixelsOf(extents, value);
  let alive = bytes(graph.input);
  let peak = alive;
  graph.nodes.forEach((node, index) => {
    const dying = [...new Set(valuesInto(node))].filter((value) => lastUse.get(value.name) === index);
    const freed = dying.reduce((sum, value) => sum + bytes(value), 0);
    const made = valuesOutOf(node).reduce((sum, value) => sum + bytes(value), 0);
    const first = valuesInto(node)[0];
    const reuse = inPlace.has(node.op) && first && dying.includes(first) ? Math.min(bytes(first), made) : 0;
    peak = Math.max(peak, alive + made - reuse);
    alive += made - freed;
  });
  return peak;
}
