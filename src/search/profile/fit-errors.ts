/** How far predictions are from what was measured. */

/** Errors of predicted latencies, of children that no cost was fitted to. */
export interface FitErrors {
  /** Share of the children within ± 10 % of what was measured. */
  readonly within10: number;
  /** Within ± 5 %. */
  readonly within5: number;
  /** Root mean square of the errors, as a share of what was measured. */
  readonly relativeRmse: number;
  /** The same in ms. */
  readonly rmseMs: number;
  /** Kendall's rank correlation: 1 where the order is that of the measurements, 0 where it tells nothing. */
  readonly rankCorrelation: number;
}

/** A child's latency as predicted and as measured. */
export interface Predicted {
  readonly predictedMs: number;
  readonly latencyMs: number;
}

/** @param children at least two */
export function fitErrors(children: readonly Predicted[]): FitErrors {
  const errors = children.map(({ predictedMs, latencyMs }) => predictedMs - latencyMs);
  const shares = children.map(({ latencyMs }, i) => errors[i]! / latencyMs);
  const within = (share: number): number => shares.filter((error) => Math.abs(error) <= share).length / shares.length;
  const rms = (values: readonly number[]): number =>
    Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  return {
    within10: within(0.1),
    within5: within(0.05),
    relativeRmse: rms(shares),
    rmseMs: rms(errors),
    rankCorrelation: kendall(children),
  };
}

/** τ: pairs in the same order less those in the other, over all pairs. */
function kendall(children: readonly Predicted[]): number {
  let sum = 0;
  for (const [i, a] of children.entries()) {
    for (const b of children.slice(0, i)) {
      sum += Math.sign((a.predictedMs - b.predictedMs) * (a.latencyMs - b.latencyMs));
    }
  }
  return (2 * sum) / (children.length * (children.length - 1));
}
