/** The Pareto front of accuracy against a cost. */

interface Point {
  readonly id: string;
  readonly accuracy: number;
  readonly stopped?: unknown;
}

/** Ids of the points that no other one beats: none is at least as accurate and cheaper, or as cheap and more accurate. */
export function paretoFront<T extends Point>(points: readonly T[], cost: (point: T) => number): string[] {
  const full = points.filter((point) => point.stopped === undefined && Number.isFinite(cost(point)));
  const byCost = full.sort((a, b) => cost(a) - cost(b) || b.accuracy - a.accuracy || (a.id < b.id ? -1 : 1));
  const front: string[] = [];
  let best = -1;
  for (const { id, accuracy } of byCost) {
    if (accuracy > best) {
      front.push(id);
      best = accuracy;
    }
  }
  return front;
}
