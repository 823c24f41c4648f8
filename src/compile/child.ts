/** A child while it is compiled: a plain graph and its numbers. */
import type { Graph } from "../graph/graph.js";
import type { Numbers } from "./numbers.js";

export interface Child {
  readonly graph: Graph;
  /** By parameter name, in the shapes of the graph's parameters. */
  readonly weights: ReadonlyMap<string, Numbers>;
}
