/** How the runs of a session are spread, and how they changed while it lasted: what people look at beside the figures. */
import { median, quantileOfSorted } from "./statistics.js";

/** Quantiles that a distribution is kept as: 0 %, 5 %, … 100 %. */
const STEPS = 20;
/** Spans of a session, at most. */
const SPANS = 12;
/** The slowest runs are disturbed by something else and would leave no room for the others. */
const SHOWN = 0.95;

/** @returns in ms: 0 %, 5 %, … 100 % of the runs were at most as slow */
export function quantilesOf(runs: readonly number[]): number[] {
  const sorted = [...runs].sort((a, b) => a - b);
  return Array.from({ length: STEPS + 1 }, (_, i) => quantileOfSorted(sorted, i / STEPS));
}

/**
 * @param rounds a model's runs in each round, in order
 * @returns the median run of each of up to 12 equal spans of the session
 */
export function courseOf(rounds: readonly (readonly number[])[]): number[] {
  const spans = Math.min(SPANS, rounds.length);
  const from = (span: number): number => Math.round((span * rounds.length) / spans);
  return Array.from({ length: spans }, (_, span) => median(rounds.slice(from(span), from(span + 1)).flat()));
}

/** Shares of the runs in bins of equal width. */
export interface Density {
  /** Where the bins begin and end, in ms: the fastest run, and the one that 95 % are at most as slow as. */
  readonly range: readonly [low: number, high: number];
  readonly shares: readonly number[];
}

/** @param quantiles as `quantilesOf` gives them; between two of them runs are taken as evenly spread */
export function densityOf(quantiles: readonly number[], bins: number): Density {
  const [low, high] = [quantiles[0]!, quantiles[Math.round(SHOWN * (quantiles.length - 1))]!];
  const shareBelow = (ms: number): number => {
    const next = quantiles.findIndex((quantile) => quantile > ms);
    if (next === 0) return 0;
    if (next === -1) return 1;
    const [before, after] = [quantiles[next - 1]!, quantiles[next]!];
    return (next - 1 + (ms - before) / (after - before)) / (quantiles.length - 1);
  };
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + ((high - low) * i) / bins));
  // What lies exactly at the beginning is in the first bin.
  const below = edges.map((edge, i) => (i === 0 ? 0 : shareBelow(edge)));
  return { range: [low, high], shares: below.slice(1).map((share, i) => share - below[i]!) };
}
