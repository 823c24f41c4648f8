/** The Pareto front of expected accuracy against a cost. */

interface Point {
  readonly id: string;
  readonly expectedAccuracy: number;
}

/** Ids of the points that no other one beats: none is at least as accurate and cheaper, or as cheap and more accurate. */
export function paretoFront<T extends Point>(points: readonly T[], cost: (point: T) => number): string[] {
  const full = points.filter((point) => Number.isFinite(cost(point)));
  const byCost = full.sort(
    (a, b) => cost(a) - cost(b) || b.expectedAccuracy - a.expectedAccuracy || (a.id < b.id ? -1 : 1),
  );
  const front: string[] = [];
  let best = -Infinity;
  for (const { id, expectedAccuracy } of byCost) {
    if (expectedAccuracy > best) {
      front.push(id);
      best = expectedAccuracy;
    }
  }
  return front;
}
