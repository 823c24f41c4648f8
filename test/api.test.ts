/** The library's public face: every exported name has a docstring, every type of a signature is exported, docs/api.md is what they say. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.js";

test("every public name is documented, every type in a public signature is exported, and docs/api.md is generated from them", async () => {
  const out = await temporaryFolder();
  const { status, stdout, stderr } = spawnSync("npx", ["typedoc", "--out", out], { encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
  expect(readFileSync("docs/api.md", "utf8")).toBe(readFileSync(join(out, "api.md"), "utf8"));
});
