/** A run of pictures, from a folder as people have them: what was left out stays so, for every command that follows. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderOf, picture } from "../data/picture-folder.js";
import { temporaryFolder } from "../temporary-folder.js";
import { nestling } from "./nestling.js";

const seconds = ["--seconds", "0.1"];

/** A folder with 60 training and 4 test pictures of two classes, two broken pictures among them, and a space for it. */
async function project(): Promise<{ space: string; data: string; out: string }> {
  const folder = await temporaryFolder();
  const tiny = JSON.parse(await readFile("fixtures/spaces/tiny.json", "utf8")) as object;
  await writeFile(join(folder, "space.json"), JSON.stringify({ ...tiny, $schema: undefined, classes: 2 }));
  const names = ["9", "10"].flatMap((name) => [
    ...Array.from({ length: 80 }, (_, i) => `train/${name}/${i}.png`),
    ...Array.from({ length: 2 }, (_, i) => `test/10/${name}-${i}.png`),
  ]);
  const files = await Promise.all(names.map(async (name, i) => [name, await picture([i])] as const));
  const cut = files[0]![1].subarray(0, 40);
  const data = await folderOf({ ...Object.fromEntries(files), "train/9/cut.png": cut, "test/10/cut.png": cut });
  return { space: join(folder, "space.json"), data, out: join(folder, "run") };
}

test("pictures that can't be read are left out by every command of a run, without a flag", async () => {
  const { space, data, out } = await project();
  const args = ["train", "--space", space, "--data", data, "--out", out, "--steps", "2", "--batch", "16"];
  const refused = nestling(...args);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/9\/cut\.png.*\n.*10\/cut\.png/)]);

  const { status, stderr } = nestling(...args, "--skip-broken");
  expect(status, stderr).toBe(0);
  expect(stderr.split("\n")[0]).toContain("164 pictures, 2 that can't be read left out.");
  expect(stderr).toContain("No test pictures of 9: test figures say nothing of them.");
  const leftOut = ["test/10/cut.png", "train/9/cut.png"];
  const place = async (): Promise<unknown> => JSON.parse(await readFile(join(out, "data.json"), "utf8"));
  expect(await place()).toMatchObject({ leftOut });

  expect(nestling(...args, "--resume").status).toBe(0);
  expect(await place()).toMatchObject({ leftOut });
  const child = join(out, "child.onnx");
  const exported = nestling("export", out, "--arch", "smallest", "--out", child, ...seconds);
  expect([exported.status, exported.stdout]).toEqual([0, expect.stringContaining("No test pictures of 9")]);
  for (const given of [
    ["--run", out],
    ["--data", data],
  ]) {
    const verified = nestling("verify", child, ...given, ...seconds);
    expect([verified.status, verified.stdout]).toEqual([0, expect.stringContaining("No test pictures of 9")]);
  }
}, 60_000);
