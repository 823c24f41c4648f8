/**
 * A child during compilation: a plain graph and its values. First in its form for training, after the lowering in its
 * form for deployment.
 */
import type { PlainGraph } from "../graph/graph.js";
import type { Numbers } from "./numbers.js";

export interface Child<Set extends "trained" | "deployed" = "deployed"> {
  readonly graph: PlainGraph<Set>;
  /** Values by parameter name, in the shapes of the graph's parameters. */
  readonly weights: ReadonlyMap<string, Numbers>;
}
