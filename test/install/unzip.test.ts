import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unzip } from "../../src/install/unzip.js";
import { temporaryFolder } from "../temporary-folder.js";

/** As wheels are made. */
async function zipped(folder: string): Promise<{ archive: string; library: Buffer }> {
  const library = Buffer.concat([randomBytes(300_000), Buffer.alloc(300_000)]);
  await writeFile(join(folder, "library"), library);
  const archive = join(folder, "wheel.whl");
  const script = [
    "import sys, zipfile",
    "with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:",
    "    z.writestr('a/METADATA', 'x' * 1000)",
    "    z.write(sys.argv[2], 'a/lib/library.so.2')",
    "    z.write(sys.argv[2], 'a/lib/stored.so.2', zipfile.ZIP_STORED)",
  ].join("\n");
  execFileSync("python3", ["-c", script, archive, join(folder, "library")]);
  return { archive, library };
}

test("members that are wanted come out at their paths, and no others", async () => {
  const folder = await temporaryFolder();
  const { archive, library } = await zipped(folder);
  const out = join(folder, "out");
  const extracted = await unzip(archive, out, (member) => member.startsWith("a/lib/"));
  expect(extracted).toEqual(
    ["library", "stored"].map((name) => ({ member: `a/lib/${name}.so.2`, bytes: library.length })),
  );
  for (const { member } of extracted) expect(library.equals(await readFile(join(out, member)))).toBe(true);
  expect(await readdir(join(out, "a"))).toEqual(["lib"]);
});

test("a truncated archive is an error", async () => {
  const folder = await temporaryFolder();
  const { archive } = await zipped(folder);
  await truncate(archive, 200_000);
  await expect(unzip(archive, join(folder, "out"), () => true)).rejects.toThrow();
});
