/**
 * npm run release: checks, packs, and tries the package in an empty project. Nothing is published unless --publish is given.
 *
 *   --dry-run   goes through all of it whatever the checks say, tells what they found, and leaves no file
 *   --publish   afterwards gives the very file that was tried to `npm publish`, and tags the commit
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { releaseProblems } from "./release-checks.mjs";

const known = ["--dry-run", "--publish"];
const flags = process.argv.slice(2);
const unknown = flags.filter((flag) => !known.includes(flag));
if (unknown.length > 0 || flags.length > 1) {
  console.error(`Give --dry-run, --publish, or no flag, not ${flags.join(" ")}.`);
  process.exit(2);
}
const [dryRun, publish] = known.map((flag) => flags.includes(flag));

const json = (path) => JSON.parse(readFileSync(path, "utf8"));
const show = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });
const read = (command, ...args) => execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26 });

const { version } = json("package.json");
const problems = releaseProblems({
  status: read("git", "status", "--porcelain"),
  version,
  lockVersion: json("package-lock.json").version,
  changelog: readFileSync("CHANGELOG.md", "utf8"),
});
for (const problem of problems) console.error(problem);
if (problems.length > 0 && !dryRun) process.exit(1);

const folder = mkdtempSync(join(tmpdir(), "nestling-release-"));
try {
  show("npm", "run", "build", "--silent");
  const [{ filename, size, files }] = JSON.parse(
    read("npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder),
  );
  const tarball = join(folder, filename);
  console.log(`${filename}: ${(size / 1e6).toFixed(1)} MB, ${files.length} files. Trying it in an empty project.`);
  // The same tests that npm test runs, on this file: the command line, the library with its types, and README's code.
  execFileSync("npx", ["vitest", "run", "test/package.test.ts"], {
    stdio: "inherit",
    env: { ...process.env, NESTLING_TARBALL: tarball },
  });
  if (publish) {
    show("npm", "publish", tarball);
    show("git", "tag", `v${version}`);
    console.log(`Published ${version}. Push the tag: git push origin v${version}`);
  } else if (!dryRun) {
    renameSync(tarball, basename(tarball));
    console.log(`${basename(tarball)} is ready. To publish it: npm run release -- --publish`);
  } else {
    console.log(
      problems.length === 0 ? "Ready for a release." : "The package works; the checks above do not pass yet.",
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = problems.length === 0 ? 0 : 1;
