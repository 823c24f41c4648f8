/** The closing line of a real run of vitest on files of a folder of its own. */
import { spawnSync } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";

async function closing(files: Readonly<Record<string, string>>): Promise<{ lines: string[]; status: number | null }> {
  const folder = await temporaryFolder();
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const head = 'import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";\n';
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, `${name}.test.js`), head + text);
  const vitest = resolve("node_modules/vitest/vitest.mjs");
  const reporter = resolve("scripts/closing-line-reporter.ts");
  const { stdout, status } = spawnSync(process.execPath, [vitest, "run", `--reporter=${reporter}`, "--root", folder], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { lines: stdout.trim().split("\n"), status };
}

const good = 'test("good", () => expect(1).toBe(1));';

test("what passes, fails and is skipped is counted; every skip says why before the closing line", async () => {
  const { lines, status } = await closing({
    a: `${good} test("bad", () => expect(1).toBe(2)); test.skip("marked", () => {}); test.todo("later");`,
    b: `describe("part", () => { test("no disk", ({ skip }) => skip("needs root to mount a disk")); });`,
  });
  expect(lines.at(-1)).toBe("1 passed, 1 failed, 3 skipped");
  expect(lines.filter((line) => line.startsWith("skipped: ")).sort()).toEqual([
    "skipped: a.test.js > later: to be written",
    "skipped: a.test.js > marked: marked as skipped",
    "skipped: b.test.js > part > no disk: needs root to mount a disk",
  ]);
  expect(status).toBe(1);
});

test.each([
  ["a file that can't be loaded", `import "./nowhere.js"; ${good}`, "1 passed, 1 failed, 0 skipped"],
  ["a file that throws", `throw new Error("no"); ${good}`, "1 passed, 1 failed, 0 skipped"],
  ["a file without tests", "", "1 passed, 1 failed, 0 skipped"],
  ["a hook that fails before", `beforeAll(() => { throw new Error("no"); }); ${good}`, "1 passed, 1 failed, 1 skipped"],
  ["a hook that fails after", `afterAll(() => { throw new Error("no"); }); ${good}`, "2 passed, 1 failed, 0 skipped"],
  [
    "a hook of a part",
    `describe("part", () => { beforeAll(() => { throw new Error("no"); }); ${good} });`,
    "1 passed, 1 failed, 1 skipped",
  ],
  ["a hook after each", `afterEach(() => { throw new Error("no"); }); ${good}`, "1 passed, 1 failed, 0 skipped"],
  [
    "a rejection that nobody awaits",
    `${good} test("x", () => new Promise((done) => { void Promise.reject(new Error("no")); setTimeout(done, 50); }));`,
    "3 passed, 1 failed, 0 skipped",
  ],
])("%s is a failure", async (_, text, line) => {
  const { lines, status } = await closing({ whole: good, broken: text });
  expect(lines.at(-1)).toBe(line);
  expect(status).toBe(1);
});
