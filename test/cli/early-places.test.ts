/** A place that can't be written is refused before pictures are read or anything is measured. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runNestling } from "./bad-input.js";
import { makeFinishedRun, searchArgs } from "./finished-run.js";
import { temporaryFolder } from "../temporary-folder.js";

test("init, export and search name a bad place first", { timeout: 120_000 }, async () => {
  const folder = await temporaryFolder();
  await makeFinishedRun(folder);
  await writeFile(join(folder, "file"), "");
  await mkdir(join(folder, "taken.json"));
  await mkdir(join(folder, "out/search.json"), { recursive: true });
  await mkdir(join(folder, "full/children/macs-1M.onnx"), { recursive: true });
  // What is missing shows that nothing was read yet.
  const exported = ["export", "no-run", "--arch", "smallest", "--out"];
  const refusals = [
    [["init", "no-pictures", "--out", "file/a"], "file/a/space.json", "ENOTDIR"],
    [[...exported, "file/a.onnx"], "file/a.onnx", "ENOTDIR"],
    [[...exported, "taken.onnx"], "taken.json", "EISDIR"],
    [[...searchArgs("no-run"), "--out", "file"], "file/search.json", "ENOTDIR"],
    [[...searchArgs("no-run"), "--out", "out"], "out/search.json", "EISDIR"],
    [[...searchArgs("run"), "--out", "full"], "full/children/macs-1M.onnx", "EISDIR"],
  ] as const;
  for (const [args, path, code] of refusals) {
    const { status, stderr } = await runNestling(args, { cwd: folder });
    expect(status, stderr).toBe(2);
    expect(stderr).toContain(`${path} is not writable (${code})`);
    expect(stderr).not.toContain("search 1/");
  }
});
