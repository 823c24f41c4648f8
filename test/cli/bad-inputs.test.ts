/** What a user can get wrong: each is refused with exit code 2 and a clear message, and leaves everything as it was. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { badData } from "./bad-data.js";
import { badFiles } from "./bad-files.js";
import { badFlags } from "./bad-flags.js";
import { expectRefused, type BadInput } from "./bad-input.js";
import { badSpaces } from "./bad-spaces.js";
import { makeFinishedRun } from "./finished-run.js";

const tables: Readonly<Record<string, readonly BadInput[]>> = {
  "spaces and architectures": badSpaces,
  data: badData,
  "flags and recipes": badFlags,
  "files of a run": badFiles,
};

let folder: string;
let finishedRun: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nestling-finished-"));
  finishedRun = await makeFinishedRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the tables hold at least 100 bad inputs, no two of one name", () => {
  const names = Object.values(tables).flatMap((table) => table.map(({ name }) => name));
  expect(names.length).toBeGreaterThanOrEqual(100);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

for (const [title, table] of Object.entries(tables)) {
  describe.concurrent(title, () => {
    for (const input of table) test(input.name, ({ expect }) => expectRefused(input, finishedRun, expect));
  });
}
