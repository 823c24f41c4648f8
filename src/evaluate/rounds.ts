/**
 * What the rounds of a measurement say. A round's figure is the median of a model's runs × (the anchor's median when the bench opened /
 * the anchor's median in this round), so what slows the whole machine for a while cancels out.
 */
import { bootstrapMedian, median, quantile } from "./statistics.js";

/** How long a model takes for one input, and how sure that is. */
export interface Latency {
  readonly name: string;
  /** Median of the rounds' medians, in ms, normalised by the anchor. */
  readonly p50Ms: number;
  /** 95 % interval of `p50Ms`. */
  readonly intervalMs: readonly [low: number, high: number];
  /** 90 % of single runs are at most as slow; normalised too. */
  readonly p90Ms: number;
  /** The fastest run as it was. */
  readonly minMs: number;
  /** Rounds measured. */
  readonly rounds: number;
  /** Timed runs in all rounds. */
  readonly runs: number;
  /** Relative spread of the anchor's rounds, from the 10 % to the 90 % quantile: how noisy the machine was. */
  readonly anchorSpread: number;
}

export interface Rounds {
  readonly count: number;
  /** One round: the anchor's times and each model's, in ms. */
  add(anchorTimes: readonly number[], times: readonly (readonly number[])[]): void;
  /** Whether every interval's half width is below this share of its median. */
  isNarrow(precision: number): boolean;
  latencies(): Latency[];
}

/**
 * @param names of the models
 * @param anchorMs the anchor's median when the bench opened
 * @param seed of the intervals' resampling
 */
export function collectRounds(names: readonly string[], anchorMs: number, seed: number): Rounds {
  const anchorMedians: number[] = [];
  const models = names.map((name) => ({ name, medians: [] as number[], runs: [] as number[], fastest: Infinity }));
  return {
    get count() {
      return anchorMedians.length;
    },
    add(anchorTimes, times) {
      const anchorMedian = median(anchorTimes);
      anchorMedians.push(anchorMedian);
      const scale = anchorMs / anchorMedian;
      for (const [i, model] of models.entries()) {
        const own = times[i]!;
        model.medians.push(median(own) * scale);
        model.runs.push(...own.map((time) => time * scale));
        model.fastest = Math.min(model.fastest, ...own);
      }
    },
    isNarrow: (precision) =>
      models.every(({ medians }) => {
        const [low, high] = bootstrapMedian(medians, seed);
        return (high - low) / 2 < precision * median(medians);
      }),
    latencies() {
      const spread = quantile(anchorMedians, 0.9) - quantile(anchorMedians, 0.1);
      const anchorSpread = spread / median(anchorMedians);
      return models.map(({ name, medians, runs, fastest }) => ({
        name,
        p50Ms: median(medians),
        intervalMs: bootstrapMedian(medians, seed),
        p90Ms: quantile(runs, 0.9),
        minMs: fastest,
        rounds: anchorMedians.length,
        runs: runs.length,
        anchorSpread,
      }));
    },
  };
}
