import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const ready = {
  status: "",
  version: "0.2.0",
  lockVersion: "0.2.0",
  changelog: "# Changelog\n\n## 0.2.0 (2026-12-01)\n\n- New.\n\n## 0.1.0 (2026-11-25)\n",
};

/** In a process of its own: the script is plain JavaScript. */
const problemsOf = (change: Partial<typeof ready>): string[] =>
  JSON.parse(
    execFileSync(process.execPath, [
      ...["--input-type=module", "-e"],
      'import { releaseProblems } from "./scripts/release-checks.mjs"; console.log(JSON.stringify(releaseProblems(JSON.parse(process.argv[1]))))',
      JSON.stringify({ ...ready, ...change }),
    ]).toString(),
  ) as string[];

test("a clean tree whose version and changelog agree can be released", () => {
  expect(problemsOf({})).toEqual([]);
});

test.each([
  ["changes that are not committed", { status: " M src/index.ts\n" }, "The working tree has changes."],
  ["a lock file of another version", { lockVersion: "0.1.0" }, "package-lock.json says 0.1.0"],
  ["a changelog without this version", { version: "0.3.0", lockVersion: "0.3.0" }, "CHANGELOG.md begins with 0.2.0"],
  ["a version without a date", { changelog: "## 0.2.0 (unreleased)\n" }, 'CHANGELOG.md says "unreleased"'],
  ["a changelog without versions", { changelog: "# Changelog\n" }, "CHANGELOG.md has no heading"],
])("%s can't be released", (_, change, message) => {
  const problems = problemsOf(change);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});
