/** Memory stays flat: resident size within ± 5 % from step 50 to step 1,000 of training, and over 300 exported children. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";

const script = resolve(import.meta.dirname, "resident-size.mjs");

async function sizesOf(what: "train" | "export", count: number): Promise<number[]> {
  const folder = await temporaryFolder();
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", script, what, folder, String(count)], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  const sizes = JSON.parse(stdout) as number[];
  console.log(`${what}: ${sizes.join(" ")} MB`);
  return sizes;
}

const isFlat = (sizes: readonly number[]): void => {
  const middle = (Math.min(...sizes) + Math.max(...sizes)) / 2;
  for (const size of sizes) expect(Math.abs(size - middle) / middle, sizes.join(" ")).toBeLessThanOrEqual(0.05);
};

test("training: from step 50 to step 1,000", async () => {
  isFlat(await sizesOf("train", 1000));
});

test("exporting: 300 children in one process, once every resolution has been seen", async () => {
  isFlat((await sizesOf("export", 300)).slice(20));
});
