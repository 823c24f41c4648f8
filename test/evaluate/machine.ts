/** A mock machine for the protocol's tests: models are named by their bytes, and each has its script. */
import { mockTarget, type MockOptions, type MockRun, type MockTarget } from "../../src/target/mock.js";
import type { Timed } from "../../src/evaluate/session.js";

/** ms of a run. */
export type Script = (run: MockRun) => number;

/** A model whose bytes are its name. */
export const named = (name: string): Timed => ({ name, bytes: new TextEncoder().encode(name), dims: [1, 1, 2, 2] });

/** The name of a model above; everything else is the anchor. */
export const nameOf = ({ bytes }: Pick<MockRun, "bytes">): string =>
  bytes.length < 20 ? String.fromCharCode(...bytes) : "anchor";

/** @param scripts by model; a number is the same for every run, and the anchor takes 2 ms by default */
export function machine(
  scripts: Readonly<Record<string, number | Script>>,
  options: Pick<MockOptions, "profiles" | "loadMs"> = {},
): MockTarget {
  return mockTarget({
    ...options,
    msOf(run) {
      const script = scripts[nameOf(run)] ?? 2;
      return typeof script === "number" ? script : script(run);
    },
    refuses: (bytes) => nameOf({ bytes }) === "refused",
  });
}

/** The models of a log's runs, `size` runs (one visit of a round) at a time. */
export function visitsOf(log: readonly MockRun[], size: number): string[] {
  return Array.from({ length: log.length / size }, (_, visit) => {
    const names = new Set(log.slice(visit * size, (visit + 1) * size).map(nameOf));
    if (names.size !== 1) throw new Error(`visit ${visit} is of ${[...names].join(" and ")}`);
    return [...names][0]!;
  });
}
