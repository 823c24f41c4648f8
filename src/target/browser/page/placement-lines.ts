/** What onnxruntime logs of where it places nodes, read. */
import { providerOf, type PlacedNodes, type Placement } from "../../placement.js";

/** Reads "All nodes placed on [X]. Number of nodes: 14", or for each provider "Node(s) placed on [X]. …" and its nodes, as "Conv (name)". */
export function placementIn(lines: readonly string[]): Placement | null {
  const placement: Record<string, PlacedNodes> = {};
  let operators: Record<string, number> | undefined;
  for (const line of lines) {
    const [, all, name, count] = /(All nodes|Node\(s\)) placed on \[(\w+)\]\. Number of nodes: (\d+)/.exec(line) ?? [];
    if (name !== undefined) {
      operators = all === "All nodes" ? undefined : {};
      placement[providerOf(name)] = { nodes: Number(count), ...(operators && { operators }) };
      continue;
    }
    const [, operator] = /\]\s+(\w+) \([^()]*\)\s*$/.exec(line) ?? [];
    if (operator !== undefined && operators) operators[operator] = (operators[operator] ?? 0) + 1;
  }
  return Object.keys(placement).length > 0 ? placement : null;
}
