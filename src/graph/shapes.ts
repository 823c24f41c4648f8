/** Infers the extents of a graph from the resolution of its input, node by node. */
import type { Extent, Extents } from "./extents.js";
import { facts } from "./facts.js";
import { rowOf, valuesOutOf, type Graph } from "./graph.js";
import type { NodeOf, OperatorName } from "./operators.js";

const extentAfter = <Name extends OperatorName>(node: NodeOf<Name>, extents: Extents): Extent =>
  rowOf(facts, node).extent(node, extents);

/** The extent of every value of the graph at a resolution (pixels). */
export function inferExtents(graph: Graph, resolution: number): Extents {
  const extents = new Map<string, Extent>([[graph.input.name, resolution]]);
  for (const node of graph.nodes) {
    const extent = extentAfter(node, extents);
    for (const value of valuesOutOf(node)) extents.set(value.name, extent);
  }
  return extents;
}
