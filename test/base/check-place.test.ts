import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkPlace } from "../../src/base/check-place.js";
import { temporaryFolder } from "../temporary-folder.js";

test("a place that a file can be written to is left as it was, folders that are missing too", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "there"), "");
  for (const path of ["new", "there", "a/b/c/new"]) await checkPlace(join(folder, path));
  expect(await readdir(folder)).toEqual(["there"]);
});

test("a place below a file, a folder's place and a name that is too long are refused as writing would refuse them", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "");
  await mkdir(join(folder, "folder"));
  const refusals = [
    ["file/new", "ENOTDIR"],
    ["file/a/b/new", "ENOTDIR"],
    ["folder", "EISDIR"],
    ["n".repeat(240), "ENAMETOOLONG"],
  ] as const;
  for (const [path, code] of refusals) {
    await expect(checkPlace(join(folder, path)), path).rejects.toMatchObject({
      code: "file/write",
      message: expect.stringContaining(`is not writable (${code})`) as string,
    });
  }
});
