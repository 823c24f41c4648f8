/** A child while it is compiled: a plain graph and its numbers. As it trains at first, as it ships after the lowering. */
import type { PlainGraph } from "../graph/graph.js";
import type { Numbers } from "./numbers.js";

export interface Child<Set extends "trained" | "deployed" = "deployed"> {
  readonly graph: PlainGraph<Set>;
  /** By parameter name, in the shapes of the graph's parameters. */
  readonly weights: ReadonlyMap<string, Numbers>;
}
