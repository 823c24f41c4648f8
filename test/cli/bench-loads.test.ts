/** Pauses and lasting load, as users ask bench for them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { anchor } from "../../src/evaluate/anchor.js";
import type { BenchResult } from "../../src/deploy/bench-files.js";
import { temporaryFolder } from "../temporary-folder.js";
import { runNestling } from "./bad-input.js";

test("bench --pace --sustain says what files take with pauses and after lasting load, in JSON and in tables", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "a.onnx"), anchor().bytes);
  const args = ["bench", "a.onnx", "--seconds", "1", "--pace", "200fps", "--sustain", "10s"];
  const json = await runNestling([...args, "--json"], { cwd: folder });
  expect(json.status, json.stderr).toBe(0);
  const { paced, sustained } = JSON.parse(json.stdout) as BenchResult;
  expect(paced).toHaveLength(1);
  expect(paced![0]).toMatchObject({ name: "a.onnx", everyMs: 5 });
  expect(paced![0]!.p50Ms).toBeGreaterThan(0);
  expect(paced![0]!.ratio).toBeGreaterThan(0.2);
  expect(sustained).toHaveLength(1);
  expect(sustained![0]!.seconds).toBeGreaterThanOrEqual(10);
  expect(sustained![0]!.ratio).toBeGreaterThan(0.2);
  expect(sustained![0]!.courseMs).toHaveLength(12);
  const text = await runNestling(args, { cwd: folder });
  expect(text.status, text.stderr).toBe(0);
  expect(text.stderr).toContain("together for 1 s, then at 200 fps for 1 s, then each without a pause for 10 s");
  expect(text.stdout).toMatch(/One run every 5\.00 ms:\n.*against no pause/);
  expect(text.stdout).toMatch(/Without a pause for 10 s:\n.*end against start/);
});

test("a program can do neither: it is said before anything is timed", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "a.onnx"), anchor().bytes);
  const target = { kind: "command", run: ["false"], reads: "milliseconds" };
  await writeFile(join(folder, "nestling.targets.json"), JSON.stringify({ targets: { board: target } }));
  for (const option of ["--pace=30fps", "--sustain=60s"]) {
    const { status, stderr } = await runNestling(["bench", "a.onnx", "--target", "board", option], { cwd: folder });
    expect(status).toBe(2);
    expect(stderr).toContain("target board is a program that is started for each visit");
  }
});
