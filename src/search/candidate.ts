/** A judged child as search.json keeps it, and back. */
import { correctOf, packHits, unpackHits } from "./hits.js";
import type { Judged } from "./coarse-to-fine.js";
import type { JudgedChild, ScreenedLatency } from "./judge.js";
import { candidateSchema, type Candidate } from "./search-file.js";

/** 97.5 % quantile of the normal distribution. */
const Z95 = 1.959964;

/** @param mean and variance of what is believed of its accuracy */
export function candidateOf(child: JudgedChild & Judged, mean: number, variance: number): Candidate {
  const { hits, ...rest } = child;
  const within = (share: number): number => Math.min(1, Math.max(0, share));
  const spread = Z95 * Math.sqrt(Math.max(variance, 0));
  // Through the schema, whose keys have one order: a candidate read back is written as it was.
  return candidateSchema.parse({
    ...rest,
    correct: correctOf(hits),
    count: hits.length,
    expectedAccuracy: within(mean),
    expectedInterval: [within(mean - spread), within(mean + spread)],
    hits: packHits(hits),
  });
}

/** As it was judged last. */
export function childOf(candidate: Candidate): JudgedChild {
  const { correct, expectedAccuracy, expectedInterval, hits, count, ...judged } = candidate;
  return { ...judged, hits: unpackHits(hits, count) };
}

/** As it was before the final. */
export function screenedOf(candidate: Candidate, screeningImages: number): JudgedChild {
  const { hits, otherLatencies, ...child } = childOf(candidate);
  const others = Object.entries(otherLatencies ?? {}).map(([target, latency]) => [target, screened(latency)]);
  return {
    ...screened(child),
    ...(otherLatencies && { otherLatencies: Object.fromEntries(others) as Record<string, ScreenedLatency> }),
    hits: hits.slice(0, screeningImages),
  };
}

/** With the latency before the photo finish, where there was one. */
function screened<L extends ScreenedLatency>({ screenedLatencyMs, screenedLatencyIntervalMs, ...rest }: L) {
  if (screenedLatencyMs === undefined) return rest;
  return { ...rest, latencyMs: screenedLatencyMs, latencyIntervalMs: screenedLatencyIntervalMs };
}
