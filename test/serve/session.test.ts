/** The thread of a model's session, where it ends before it serves anything. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runNestling } from "../cli/bad-input.js";
import { aChild } from "./served-child.js";

/** Runs in every thread of the process before its own code. */
const inThreads = (code: string): string => `if (!require("node:worker_threads").isMainThread) { ${code} }`;

test.each([
  ["ends without a word", "process.exit(7)", "thread ended with code 7"],
  ["throws", 'throw new Error("broken on purpose")', "broken on purpose"],
])("a thread that %s before it has loaded the model ends the start, with exit code 1", async (_, code, says) => {
  const child = await aChild();
  const hook = join(child, "../hook.cjs");
  await writeFile(hook, inThreads(code));
  const env = { NODE_OPTIONS: `--require ${hook}` };
  const { status, stdout, stderr } = await runNestling(["serve", child, "--port", "0"], { env });
  expect(stderr).toContain(says);
  expect(status).toBe(1);
  expect(stdout).toBe("");
});
