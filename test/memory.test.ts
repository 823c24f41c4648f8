/** Training and search on pictures that take four times as much decoded as the process may have: `npm run bench -- memory`, on a small set. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

interface Figures {
  readonly pictures: number;
  readonly limit: number;
  readonly runs: Readonly<Record<string, Run>>;
}

interface Run {
  /** Bytes after each epoch. */
  readonly rss: readonly number[];
  readonly afterSearch: number;
  /** Whether the system enforces the limit: where it lets us make a control group. */
  readonly limited: boolean;
  readonly weights: string;
  readonly optimizer: string;
  readonly search: string;
}

test("memory is flat within 5 % from the second epoch on, from pictures and from a pack; weights and search as with all in memory", () => {
  const text = execFileSync(
    process.execPath,
    ["bench/run.mjs", "memory", "--limit", "384", "--epochs", "3", "--json"],
    { encoding: "utf8", maxBuffer: 1 << 24 },
  );
  const { pictures, limit, runs } = JSON.parse(text) as Figures;
  expect(pictures * 800 * 625 * 3).toBeGreaterThanOrEqual(4 * limit);
  const { "all in memory, no limit": kept, ...others } = runs;
  expect(kept!.rss.at(-1)).toBeGreaterThan(2 * limit);
  expect(Object.keys(others)).toEqual(["from the pictures", "from the pack"]);
  for (const [name, run] of Object.entries(others)) {
    const { weights, optimizer, search } = kept!;
    expect(run, name).toMatchObject({ weights, optimizer, search });
    const [, ...later] = run.rss;
    expect(Math.max(...later) / Math.min(...later), `${name}: ${run.rss.join(" ")}`).toBeLessThan(1.05);
    if (run.limited) expect(Math.max(...run.rss, run.afterSearch), name).toBeLessThan(limit);
  }
}, 900_000);
