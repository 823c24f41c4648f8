/**
 * Times runs with the clock that a page has. Where one run is short against the clock's resolution, a loop of runs is timed instead, at least
 * 100 × the resolution long, and divided by its number.
 */

const LEAST = 100;
/** A run that takes no time ends, too. */
const MOST_RUNS = 1e5;
const MOST_GROWTH = 10;
/** So that a loop grown from the last one is long enough, mostly. */
const MARGIN = 1.2;

export interface Clock {
  readonly now: () => number;
  readonly resolutionMs: number;
}

/** Times one model's runs: ms of one. */
export function runTimer({ now, resolutionMs }: Clock): (run: () => Promise<unknown>) => Promise<number> {
  const leastMs = LEAST * resolutionMs;
  /** Runs of a loop; 0 before the first run. */
  let count = 0;
  const loop = async (run: () => Promise<unknown>): Promise<number> => {
    const began = now();
    for (let i = 0; i < count; i++) await run();
    return now() - began;
  };
  return async (run) => {
    if (count === 0) {
      // The first run after loading is unlike the others. What the clock can't tell took at most its resolution.
      count = 1;
      return Math.max(await loop(run), resolutionMs);
    }
    for (;;) {
      const ms = await loop(run);
      if (ms >= leastMs || count >= MOST_RUNS) return Math.max(ms, resolutionMs) / count;
      count = Math.min(MOST_RUNS, Math.ceil(count * Math.min(MOST_GROWTH, (MARGIN * leastMs) / ms)));
    }
  };
}

/** The smallest step of a clock, in ms: it spins for a few steps. */
export function resolutionOf(now: () => number): number {
  const began = now();
  let least = Infinity;
  let last = began;
  for (let steps = 0; steps < 50 && (last - began < 100 || steps < 5);) {
    const next = now();
    if (next <= last) continue;
    least = Math.min(least, next - last);
    last = next;
    steps++;
  }
  return Math.round(1000 * least) / 1000 || 0.001;
}
