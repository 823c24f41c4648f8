/**
 * Bad inputs made by chance from a seed: every format cut off at random places, every field wrong. Each is refused with exit code 2 and a
 * clear message, and leaves everything as it was. They run in this process, one after the other.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectRefused, runNestlingHere, type BadInput } from "./bad-input.js";
import { makeFinishedRun } from "./finished-run.js";
import { badArchives } from "./generated/archives.js";
import { badChildren, badDocuments, badRuns } from "./generated/documents.js";
import { badOptions } from "./generated/flags.js";
import { badLists } from "./generated/lists.js";
import { badPictures } from "./generated/pictures.js";

/** Another seed tries others: NESTLING_SEED=7. */
const seed = Number(process.env["NESTLING_SEED"] ?? 0);

const tables: Readonly<Record<string, readonly BadInput[]>> = {
  pictures: badPictures(seed),
  lists: badLists(seed),
  archives: badArchives(seed),
  documents: badDocuments(seed),
  "files of a run": [...badRuns(seed), ...badChildren(seed)],
  options: await badOptions(),
};

let folder: string;
let finishedRun: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nestling-generated-"));
  finishedRun = await makeFinishedRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

for (const [title, table] of Object.entries(tables)) {
  describe(title, () => {
    for (const input of table) test(input.name, () => expectRefused(input, finishedRun, expect, runNestlingHere));
  });
}
