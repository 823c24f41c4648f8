/** Memory stays flat: resident size within ± 5 % from step 50 to step 1,000 of training, and over 300 exported children. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { median } from "../../src/evaluate/statistics.js";
import { temporaryFolder } from "../temporary-folder.js";

const script = resolve(import.meta.dirname, "resident-size.mjs");

async function sizesOf(what: "train" | "export", count: number): Promise<number[]> {
  const folder = await temporaryFolder();
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", script, what, folder, String(count)], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as number[];
}

/** Children differ in what they need, so it is medians of equal spans of the process's life that must agree. */
function isFlat(sizes: readonly number[], spans: number): void {
  const length = sizes.length / spans;
  const medians = Array.from({ length: spans }, (_, span) => median(sizes.slice(span * length, (span + 1) * length)));
  const middle = (Math.min(...medians) + Math.max(...medians)) / 2;
  for (const size of medians) expect(Math.abs(size - middle) / middle, sizes.join(" ")).toBeLessThanOrEqual(0.05);
}

test("training: from step 50 to step 1,000", async ({ annotate }) => {
  const sizes = await sizesOf("train", 1000);
  await annotate(`${sizes.join(" ")} MB`);
  isFlat(sizes, 4);
});

test("exporting: 300 children in one process", async ({ annotate }) => {
  const sizes = await sizesOf("export", 300);
  await annotate(`${sizes.join(" ")} MB`);
  isFlat(sizes, 6);
});
