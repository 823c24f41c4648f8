/** A profile as a user makes and uses it: of a run, of a space alone, and in a search. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { LatencyProfile } from "../../src/search/profile/profile-file.js";
import type { SearchResult } from "../../src/search/search-file.js";
import { temporaryFolder } from "../temporary-folder.js";
import { runNestling, type Ended } from "./bad-input.js";
import { makeFinishedRun, searchArgs } from "./finished-run.js";

const briefly = ["--children", "6", "--seconds", "0.1"];

test("nestling profile RUN writes what a search of the run takes; the search says which profile it was; another space's is refused", async () => {
  const folder = await temporaryFolder();
  await makeFinishedRun(folder);
  const home = { XDG_CACHE_HOME: join(folder, "cache") };
  const call = (...args: readonly string[]): Promise<Ended> => runNestling(args, { cwd: folder, env: home });
  const made = await call("profile", "run", ...briefly, "--json");
  expect(made.status, made.stderr).toBe(0);
  const { file, profile } = JSON.parse(made.stdout) as { file: string; profile: LatencyProfile };
  expect(file).toBe("profiles/tiny-local.json");
  expect(JSON.parse(await readFile(join(folder, file), "utf8"))).toEqual(profile);
  expect(await readdir(join(folder, "profiles"))).toEqual(["tiny-local.json"]);
  expect(profile).toMatchObject({ target: "local", space: "tiny", environment: { threads: 1 } });
  expect(profile.children.map(({ use }) => use)).toEqual([
    ...Array<string>(6).fill("fitted"),
    ...Array<string>(3).fill("held out"),
  ]);

  const latency = [...searchArgs("run"), "--budget", "latency=50ms", "--out", "found"];
  const searched = await call(...latency, "--profile", file);
  expect(searched.status, searched.stderr).toBe(0);
  const { profiles, chosen, candidates } = JSON.parse(
    await readFile(join(folder, "found/search.json"), "utf8"),
  ) as SearchResult;
  expect(profiles).toEqual([profile.sha256]);
  const choice = candidates.find(({ id }) => id === chosen.find(({ budget }) => budget.startsWith("latency"))!.id)!;
  expect(choice.latencyMs).toBeLessThanOrEqual(50);

  const other = await call("profile", "--space", "fashion", ...briefly, "--out", "fashion.json");
  expect(other.status, other.stderr).toBe(0);
  expect(other.stdout).toMatch(
    /local: 6 children tell the costs, 3 others the errors; each timed \d+ times, ± [\d.]+ % by chance/,
  );
  expect(other.stdout).toMatch(/this profile +\d+ % +\d+ % +[\d.]+ % +[\d.]+ ms +-?[\d.]+\n/);
  expect(other.stdout).toContain("Next: nestling search RUN --budget latency=… --profile fashion.json");
  const refused = await call(...latency, "--profile", "fashion.json");
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("profile of local is of the space fashion");

  await writeFile(join(folder, "damaged.json"), JSON.stringify({ ...profile, noise: profile.noise + 1 }));
  for (const [args, says] of [
    [["profile"], "given neither a run nor --space"],
    [["profile", "run", "--space", "fashion"], "given a run and --space; want one of them"],
    [["profile", "run", "--target", "local", "--target", "local:threads=2"], "--target is given 2 times; want one"],
    [["profile", "nowhere"], "want the checkpoint of a run"],
    [["profile", "run", "--children", "2"], "Want a whole number from 3 to 1000"],
    [["profile", "run", "--out", "run"], "run is not writable (EISDIR)"],
    [["profile", "run", "--target", "pi"], "target is pi; want local"],
    [[...latency, "--profile", "none.json"], "none.json is missing; want a latency profile"],
    [[...latency, "--profile", "damaged.json"], "damaged.json is changed since it was written"],
    [[...latency, "--profile", "run/search.json"], "run/search.json: "],
    [[...searchArgs("run"), "--profile", file], "profile of local is of a target without a latency budget"],
    [[...latency, "--profile", file, "--profile", file], "profile of local is given twice"],
  ] as const) {
    const { status, stderr } = await call(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
  }
}, 120_000);
