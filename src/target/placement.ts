/** Which execution provider of onnxruntime runs which nodes of a model: what the one that was asked for can't run falls back to the CPU. */

/** The nodes that a provider runs, after the runtime's optimisation. */
export interface PlacedNodes {
  readonly nodes: number;
  /** How many of each operator, where the runtime says so. */
  readonly operators?: Readonly<Record<string, number>> | undefined;
}

/** By provider: `{ webgpu: { nodes: 14 }, cpu: { nodes: 1, operators: { TopK: 1 } } }`. */
export type Placement = Readonly<Record<string, PlacedNodes>>;

/** A provider by the name that sessions are opened with. @param name onnxruntime's own, such as `CPUExecutionProvider` */
export const providerOf = (name: string): string => name.replace(/ExecutionProvider$/, "").toLowerCase();

/** @param nodes each with the name of its provider and its operator */
export function placementOf(nodes: Iterable<readonly [provider: string, operator: string]>): Placement {
  const placement: Record<string, { nodes: number; operators: Record<string, number> }> = {};
  for (const [name, operator] of nodes) {
    const placed = (placement[providerOf(name)] ??= { nodes: 0, operators: {} });
    placed.nodes++;
    placed.operators[operator] = (placed.operators[operator] ?? 0) + 1;
  }
  return placement;
}

/** In a sentence: "14 of 15 nodes on webgpu; on cpu 1 (1 TopK)". @param provider that was asked for */
export function describePlacement(placement: Placement, provider: string): string {
  const all = Object.values(placement).reduce((sum, { nodes }) => sum + nodes, 0);
  const own = placement[provider]?.nodes ?? 0;
  const others = Object.entries(placement).flatMap(([name, { nodes, operators }]) =>
    name === provider ? [] : [`; on ${name} ${nodes}${operators ? ` (${listed(operators)})` : ""}`],
  );
  return `${own === all ? `all ${all}` : `${own} of ${all}`} nodes on ${provider}${others.join("")}`;
}

const listed = (operators: Readonly<Record<string, number>>): string =>
  Object.entries(operators)
    .map(([operator, nodes]) => `${nodes} ${operator}`)
    .join(", ");
