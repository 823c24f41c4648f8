/** docs/tour.md, to the letter, in an empty folder with nestling in it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";

const blocks = [...readFileSync("docs/tour.md", "utf8").matchAll(/```(\w+)\n([^]*?)```/g)].map(([, kind, code]) => ({
  kind,
  code: code!,
}));

test("the tour's commands lead from an empty folder to a verified child that is far better than guessing", async () => {
  const folder = await temporaryFolder();
  // What npm install nestling makes.
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  symlinkSync(resolve("."), join(modules, "nestling"));
  const command = `#!/bin/sh\nexec '${process.execPath}' '${resolve("dist/cli/main.js")}' "$@"\n`;
  writeFileSync(join(modules, ".bin/nestling"), command, { mode: 0o755 });
  symlinkSync(resolve("node_modules/sharp"), join(modules, "sharp"));
  writeFileSync(join(folder, "photos.mjs"), blocks.find(({ kind }) => kind === "js")!.code);

  let said = "";
  for (const { kind, code } of blocks) {
    if (kind === "sh") said += execFileSync("sh", ["-ec", code], { cwd: folder, encoding: "utf8" });
  }
  expect(said).toContain("The pictures are in colour");
  expect(said).toContain("macs-3M.onnx is what its certificate says.");
  expect(existsSync(join(folder, "runs/photos/report.html"))).toBe(true);
  const certificate = readFileSync(join(folder, "runs/photos/children/macs-3M.json"), "utf8");
  expect((JSON.parse(certificate) as { accuracy: number }).accuracy).toBeGreaterThan(0.5);
}, 1_200_000);
