/** How far sessions agree: over all pairs of sessions. */

const pairsOf = (items) => items.flatMap((a, i) => items.slice(i + 1).map((b) => [a, b]));

/** What 95 % of pairs differ by at most: |a − b| as a share of the smaller. */
export function differences(figures) {
  const sorted = pairsOf(figures)
    .map(([a, b]) => Math.max(a, b) / Math.min(a, b) - 1)
    .sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? NaN;
}

/** Share of ordered pairs in which one session's interval contains the other's figure. */
export function coverage(sessions) {
  const held = pairsOf(sessions).flatMap(([a, b]) => [contains(a, b), contains(b, a)]);
  return held.filter(Boolean).length / held.length;
}

const contains = ({ interval: [low, high] }, { figure }) => low <= figure && figure <= high;
