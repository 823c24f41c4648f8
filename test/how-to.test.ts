/** The how-to pages: their code runs, and what they say of the sources holds. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Note } from "../src/compile/pass.js";

const blocksOf = (page: string, info: string): string[] =>
  [...readFileSync(`docs/${page}.md`, "utf8").matchAll(/```(.*)\n([^]*?)```/g)]
    .filter(([, found]) => found === info)
    .map(([, , code]) => code!);

/** The page's code as one module, in a folder of the repository so that its imports resolve as from docs/. */
async function run(page: string): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(resolve("how-to-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const module = join(folder, "page.ts");
  writeFileSync(module, blocksOf(page, "ts").join("\n"));
  return (await import(module)) as Record<string, unknown>;
}

test("adding a block: the page's block appends two convolutions and its sum", async () => {
  const { printed } = await run("adding-a-block");
  expect(printed).toContain("conv(%0, block.first.weight[block≤5×block≤5×8×8]) kernel=block");
  expect(printed).toMatch(/%6:8 = add\(%0, %5\)/);
});

test("adding a pass: the page's rule removes the repeated relu and says so", async () => {
  const { printed, notes } = await run("adding-a-pass");
  expect(printed).toBe("twice(%0:4)\n  %1:4 = activation(%0) function=relu\n  return %1:4");
  expect((notes as Note[]).map(({ node, verdict, detail }) => [node, verdict, detail])).toEqual([
    ["inner", "skipped", "its input is not a relu"],
    ["outer", "rewrote", "removed the relu before it"],
  ]);
});

test("adding an operator: the compiler names the tables that the page lists, and no other file", () => {
  const folder = mkdtempSync(resolve("how-to-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const part of ["src", "test", "tsconfig.json", "package.json", "fixtures/published"]) {
    mkdirSync(join(folder, part, ".."), { recursive: true });
    cpSync(part, join(folder, part), { recursive: true });
  }
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  const operators = join(folder, "src/graph/operators.ts");
  const [line] = blocksOf("adding-an-operator", "ts operator");
  const text = readFileSync(operators, "utf8");
  writeFileSync(
    operators,
    text.replace(/interface Shared<S extends Size> \{\n/, (start) => start + line!),
  );
  const config = {
    extends: "./tsconfig.json",
    include: ["src", "test/engine"],
    exclude: ["src/**/kernels", "src/target/browser/page", "src/format/code/web"],
  };
  writeFileSync(join(folder, "tsconfig.how-to.json"), JSON.stringify(config));
  const { stdout } = spawnSync("npx", ["tsc", "--noEmit", "-p", "tsconfig.how-to.json"], {
    cwd: folder,
    encoding: "utf8",
  });
  const named = new Set([...stdout.matchAll(/^(\S+\.ts)\(/gm)].map(([, file]) => file));
  const page = readFileSync("docs/adding-an-operator.md", "utf8");
  const listed = [...page.matchAll(/^\| `(\S+)` \|/gm)].map(([, file]) => file);
  expect([...named].sort()).toEqual(listed.sort());
});
