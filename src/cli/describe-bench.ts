/** What bench says to people: figures, how runs are spread, what was checked, and the gate's verdict. */
import { milliseconds, percent, sparkline, table } from "../base/format.js";
import type { BenchResult } from "../deploy/bench-files.js";
import type { GateResult } from "../deploy/gate.js";
import { densityOf } from "../evaluate/distribution.js";
import type { Latency } from "../evaluate/rounds.js";
import { describeEnvironment } from "../target/environment.js";
import { describePlacement } from "../target/placement.js";
import { warningsOf } from "../target/machine-state.js";
import { describeLoads } from "./describe-loads.js";
import { describeNumerics } from "./describe-numerics.js";

/** Above this, a comparison of two sessions says little. */
const NOISY = 0.05;
/** Bars of a distribution. */
const BINS = 16;
/** From so many sessions on, a machine's profile is no reason for a wide interval. */
const KNOWN_SESSIONS = 4;

/** What the gate says. */
function verdict({ comparison, failed }: GateResult): string {
  const { ratio, expected, verdict: found, machine } = comparison;
  const speed = machine === undefined ? "" : `; the machine itself takes ${machine.toFixed(2)} ×, which is left out`;
  const figures = `${ratio.toFixed(3)} × the certified latency, ± ${percent(expected, 1)} by chance${speed}`;
  return `${failed ? "Failed" : "Passed"}: ${found}. ${figures}.`;
}

/** On this machine, files without a certificate have nothing to be compared with, and nobody asked. */
function numericsLines({ target, results, unchecked }: BenchResult): string[] {
  const checked = results.flatMap(({ name, numerics }) =>
    numerics ? describeNumerics(target, numerics).map((line) => `${name}: ${line}`) : [],
  );
  const not = unchecked.map(({ file, why }) => `${file}: numerics are not checked on ${target}: ${why}`);
  return [...checked, ...(target === "local" ? [] : not)];
}

/** Runs from the fastest to the one that 95 % are at most as slow as; the course has room for a quarter more than its fastest part. */
function distribution({ name, quantilesMs, courseMs }: Latency): Record<string, string> {
  const { range, shares } = densityOf(quantilesMs, BINS);
  const fastest = Math.min(...courseMs);
  return {
    file: name,
    runs: sparkline(shares),
    "from, to": range.map(milliseconds).join(", "),
    "over the session": sparkline(courseMs, [fastest, Math.max(1.25 * fastest, ...courseMs)]),
  };
}

export function describeBench(found: BenchResult | GateResult, seconds: number): string {
  const { results, environment } = found;
  const known = (ms: number | undefined): string => (ms === undefined ? "-" : milliseconds(ms));
  const rows = results.map((latency) => ({
    file: latency.name,
    undisturbed: milliseconds(latency.undisturbedMs),
    "another session": `± ${percent(latency.repeatability, 1)}`,
    p50: milliseconds(latency.p50Ms),
    p90: milliseconds(latency.p90Ms),
    min: milliseconds(latency.minMs),
    "first run": known(latency.firstMs),
    load: known(latency.loadMs),
    rounds: `${latency.rounds}`,
  }));
  const worst = Math.max(...results.map(({ repeatability }) => repeatability));
  const { scale, profileSessions } = results[0]!;
  const isNew = profileSessions > 0 && profileSessions < KNOWN_SESSIONS;
  const [reason, advice] = isNew
    ? [`Few sessions of this machine are known (${profileSessions})`, "Each further one narrows it."]
    : ["This machine is too noisy", `Stop other work, or give --seconds ${4 * seconds}.`];
  return [
    table(rows),
    table(results.map(distribution)),
    ...describeLoads(found),
    ...results.flatMap(({ name, placement }) =>
      placement ? [`${name}: ${describePlacement(placement, environment.executionProvider)}`] : [],
    ),
    ...numericsLines(found),
    // All of a session have one state.
    ...(results[0]!.state ? warningsOf(results[0]!.state) : []),
    ...(worst > NOISY ? [`${reason}: ± ${percent(worst, 0)}. ${advice}`] : []),
    ...(profileSessions > 0
      ? [
          `Times ${scale.toFixed(3)}, by the anchor in ${profileSessions} session${profileSessions > 1 ? "s" : ""} of this machine; \`nestling doctor\` shows its profile.`,
        ]
      : []),
    describeEnvironment(environment),
    ...("comparison" in found ? [verdict(found)] : []),
  ].join("\n");
}
