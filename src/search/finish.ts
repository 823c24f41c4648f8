/** The final: finalists on all images, and their latencies together on every target that has a budget. */
import type { Latency } from "../evaluate/rounds.js";
import type { LatencyCost } from "./budget.js";
import { childOf } from "./candidate.js";
import { latenciesOf, type Judge, type JudgedChild, type ScreenedLatency, type TargetBench } from "./judge.js";
import type { Candidate } from "./search-file.js";

/** Latencies of the photo finish, by target and id; undefined is the first target. */
export type Measured = Map<string | undefined, Map<string, Latency>>;

/** Judges finalists on the images set aside, and decides their latencies together; as before where a search is resumed after its final. */
export async function finish(
  finalists: readonly JudgedChild[],
  {
    judge,
    known,
    benches,
    measured,
  }: {
    readonly judge: Judge;
    readonly known: ReadonlyMap<string, Candidate>;
    readonly benches: readonly TargetBench[];
    readonly measured: Measured;
  },
): Promise<JudgedChild[]> {
  const before = finalists.map(({ id }) => known.get(id));
  if (before.every((candidate) => candidate?.inFinal)) return before.map((candidate) => childOf(candidate!));
  const hits = await judge.complete(finalists);
  const finished = finalists.map((child, i) => ({ ...child, hits: hits[i]! }));
  const latencies = await judge.photoFinish(finished);
  return finished.map((child, i) => {
    const own = latencies.map((of) => of[i]!);
    for (const [at, { target }] of benches.entries()) measured.get(target)!.set(child.id, own[at]!);
    return decided(child, latenciesOf(benches, own));
  });
}

/** With latencies of the photo finish; those of the screening stay beside: a resumed search proposes by them. */
function decided(child: JudgedChild, { otherLatencies, ...latency }: ReturnType<typeof latenciesOf>): JudgedChild {
  const screenedOf = ({ latencyMs, latencyIntervalMs }: LatencyCost): ScreenedLatency => ({
    screenedLatencyMs: latencyMs,
    screenedLatencyIntervalMs: latencyIntervalMs,
  });
  const others = Object.entries(otherLatencies ?? {}).map(
    ([target, cost]) => [target, { ...screenedOf(child.otherLatencies![target]!), ...cost }] as const,
  );
  return {
    ...child,
    ...(latency.latencyMs !== undefined && { ...screenedOf(child), ...latency }),
    ...(otherLatencies && { otherLatencies: Object.fromEntries(others) }),
  };
}
