/** Pictures that take four times as much decoded as the process may have: training ends, memory is flat, nothing else changes. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { median } from "../../src/evaluate/statistics.js";

interface Run {
  /** Resident bytes after each epoch. */
  readonly rss: readonly number[];
  /** Whether the system enforced the limit. */
  readonly limited: boolean;
  /** Hashes. */
  readonly weights: string;
  readonly search: string;
}

/** Below it Node, onnxruntime and sharp themselves have no room. */
const MIB = 384;
/** One warms up, then two spans of the run's life are compared. */
const SPAN = 4;

test(`training and search on ${4 * MIB} MiB of decoded pictures with ${MIB} MiB`, async ({ annotate }) => {
  const args = ["bench/run.mjs", "memory", "--limit", `${MIB}`, "--epochs", `${1 + 2 * SPAN}`, "--no-record", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const { runs } = JSON.parse(stdout) as { readonly runs: Readonly<Record<string, Run>> };
  const { "all in memory, no limit": unlimited, ...limited } = runs;
  expect(Object.keys(limited)).toEqual(["from the pictures", "from the pack"]);
  for (const [name, run] of Object.entries(limited)) {
    const megabytes = run.rss.map((bytes) => Math.round(bytes / 2 ** 20));
    await annotate(
      `${name}: ${megabytes.join(" ")} MiB${run.limited ? "" : ", no limit: no control group can be made"}`,
    );
    expect([run.weights, run.search], name).toEqual([unlimited!.weights, unlimited!.search]);
    const [early, late] = [run.rss.slice(1, 1 + SPAN), run.rss.slice(1 + SPAN)].map(median);
    expect(Math.abs(late! / early! - 1), megabytes.join(" ")).toBeLessThan(0.05);
    expect(Math.max(...run.rss)).toBeLessThan(MIB * 2 ** 20);
  }
});
