/** Spatial sizes, from the resolution of the input. Channels stand in the values themselves. */
import type { Graph, Node, Value } from "./graph.js";
import type { NodeOf, OperatorName } from "./operators.js";

/** Height = width of a value; `flat` values are [batch, channels], `vector` values [channels]. */
export type Extent = number | "flat" | "vector";
export type Extents = ReadonlyMap<string, Extent>;

type Rule<Name extends OperatorName> = (node: NodeOf<Name>, extentOf: (value: Value) => Extent) => Extent;

const spatial = (extent: Extent): number => {
  if (typeof extent !== "number")
    throw new Error(`internal: a ${extent} value where [batch, height, width, channels] is due`);
  return extent;
};
const strided = (
  node: NodeOf<"conv"> | NodeOf<"depthwise"> | NodeOf<"averagePool">,
  extentOf: (value: Value) => Extent,
) => Math.ceil(spatial(extentOf(node.in.x)) / node.attributes.stride);
const kept = (node: { in: { x: Value } }, extentOf: (value: Value) => Extent): Extent => extentOf(node.in.x);

const rules: { [Name in OperatorName]: Rule<Name> } = {
  conv: strided,
  depthwise: strided,
  dense: () => "flat",
  batchNorm: kept,
  moments: () => "vector",
  activation: kept,
  add: kept,
  multiply: kept,
  averagePool: strided,
  globalAveragePool: () => 1,
  flatten: () => "flat",
  dropout: kept,
};

/** The extent of every value of the graph at a resolution (pixels). */
export function inferExtents(graph: Graph, resolution: number): Extents {
  const extents = new Map<string, Extent>([[graph.input.name, resolution]]);
  const extentOf = (value: Value): Extent => {
    const extent = extents.get(value.name);
    if (extent === undefined) throw new Error(`internal: ${value.name} is read before it is made`);
    return extent;
  };
  for (const node of graph.nodes) {
    const extent = (rules[node.op] as (node: Node, extentOf: (value: Value) => Extent) => Extent)(node, extentOf);
    for (const value of Object.values<Value>(node.out)) extents.set(value.name, extent);
  }
  return extents;
}

/** Number of pixels of a value: 1 where it has no height and width. */
export const pixelsOf = (extents: Extents, value: Value): number => {
  const extent = extents.get(value.name);
  if (extent === undefined) throw new Error(`internal: no extent for ${value.name}`);
  return typeof extent === "number" ? extent * extent : 1;
};
