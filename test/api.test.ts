/** The library's public face: every exported name has a docstring, every type of a signature is exported, docs/api.md is what they say. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.js";

test("every public name is documented, every type in a public signature is exported, and docs/api.md is generated from them", async () => {
  const out = await temporaryFolder();
  const { status, stdout, stderr } = spawnSync("npx", ["typedoc", "--out", out], { encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
  expect(readFileSync("docs/api.md", "utf8")).toBe(readFileSync(join(out, "api.md"), "utf8"));
});

test("the types that a user's compiler reads are known to TypeScript before 5.7, whose typed arrays take no type", () => {
  const read = new Map<string, string>();
  const readFrom = (file: string): void => {
    if (read.has(file)) return;
    const text = readFileSync(file, "utf8");
    read.set(file, text);
    for (const [, path] of text.matchAll(/(?:from |import\()"(\.[^"]+)\.js"/g)) {
      readFrom(join(dirname(file), `${path!}.d.ts`));
    }
  };
  readFrom("dist/index.d.ts");
  expect(read.size).toBeGreaterThan(100);
  const newer = [...read].filter(([, text]) => /\b(?:Int|Uint|Float)\d+(?:Clamped)?Array</.test(text));
  expect(newer.map(([file]) => file)).toEqual([]);
});
