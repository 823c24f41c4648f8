/** The thread of a model's session, where it ends before it serves anything, and while it runs. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
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

test("a session that is closed while it runs ends its run first, takes no more, and the process is well", async () => {
  const child = await aChild();
  const script = `
    const { readFileSync } = await import("node:fs");
    const { startSession } = await import(${JSON.stringify(resolve("dist/serve/session.js"))});
    const [bytes, { inputs }] = [readFileSync(${JSON.stringify(child)}), JSON.parse(readFileSync(${JSON.stringify(child.replace(/onnx$/, "json"))}, "utf8"))];
    const shape = inputs.pixel_values.slice(1).map(Number);
    const each = shape.reduce((product, size) => product * size, 1);
    const session = await startSession({ bytes, shape, fixedBatch: undefined, threads: 1 }, () => undefined);
    const said = (promise) => promise.then(() => "ran", (error) => error.message);
    const runs = [2000, 1].map((images) => said(session.run(new Float32Array(images * each), images)));
    await new Promise((done) => setTimeout(done, 5));
    const closed = session.close();
    runs.push(said(session.run(new Float32Array(each), 1)));
    await closed;
    console.log((await Promise.all(runs)).join(", "));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  expect(stdout).toBe("ran, ran, the server is stopping\n");
});
