/** What bench says of models that run with pauses, or without any for long. */
import { milliseconds, percent, sparkline, table } from "../base/format.js";
import type { BenchResult } from "../deploy/bench-files.js";
import type { SustainedLatency } from "../evaluate/sustained.js";
import { warningsOf } from "../target/machine-state.js";

const times = (ratio: number, [low, high]: readonly [low: number, high: number]): string =>
  `${ratio.toFixed(2)} × (${low.toFixed(2)} to ${high.toFixed(2)})`;

export const describeLoads = ({ paced = [], sustained = [] }: BenchResult): string[] => [
  ...(paced[0] ? [`One run every ${milliseconds(paced[0].everyMs)}:`] : []),
  ...(paced.length > 0
    ? [
        table(
          paced.map(({ name, p50Ms, p90Ms, ratio, ratioInterval, lateShare, runs }) => ({
            file: name,
            p50: milliseconds(p50Ms),
            p90: milliseconds(p90Ms),
            "against no pause": times(ratio, ratioInterval),
            late: percent(lateShare, 1),
            runs: `${runs}`,
          })),
        ),
      ]
    : []),
  ...(sustained[0] ? [`Without a pause for ${Math.round(sustained[0].seconds)} s:`] : []),
  ...(sustained.length > 0 ? [table(sustained.map(sustainedRow))] : []),
  ...sustained.flatMap(({ name, state }) => (state ? warningsOf(state).map((line) => `${name}: ${line}`) : [])),
];

/** The course has room for a quarter more than its fastest part. */
function sustainedRow({
  name,
  startMs,
  endMs,
  ratio,
  ratioInterval,
  courseMs,
}: SustainedLatency): Record<string, string> {
  const fastest = Math.min(...courseMs);
  return {
    file: name,
    "at the start": milliseconds(startMs),
    "at the end": milliseconds(endMs),
    "end against start": times(ratio, ratioInterval),
    "over the time": sparkline(courseMs, [fastest, Math.max(1.25 * fastest, ...courseMs)]),
  };
}
