/** The gate as a workflow calls it: exit codes, and the example's command with its own words. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { canonicalSeal, sealed } from "../../src/base/seal.js";
import type { Certificate } from "../../src/deploy/certificate.js";
import { temporaryFolder } from "../temporary-folder.js";
import { runNestling } from "./bad-input.js";
import { makeFinishedRun } from "./finished-run.js";

test("the example workflow's command passes a faster file; it fails where the certificate states a hundredth of the latency", async () => {
  const workflow = parse(await readFile("examples/gate/workflow.yml", "utf8")) as {
    readonly jobs: { readonly gate: { readonly steps: readonly { readonly run?: string }[] } };
  };
  const [, line] = /^npx nestling (bench .*?) > /.exec(
    workflow.jobs.gate.steps.map(({ run }) => run ?? "").find((run) => run.includes("--against"))!,
  )!;
  const folder = await temporaryFolder();
  await makeFinishedRun(folder);
  const certificate = JSON.parse(await readFile(join(folder, "run/child.json"), "utf8")) as Certificate;
  const gate = async (latencyMs: number): Promise<{ status: number | null; failed: boolean; verdict: string }> => {
    const changed = sealed({ ...certificate, latencyMs }, canonicalSeal);
    await writeFile(join(folder, "released.json"), JSON.stringify(changed));
    const words = line!.replace("models/child.onnx", "run/child.onnx").replace("models/released.json", "released.json");
    const { status, stdout } = await runNestling([...words.split(" "), "--seconds", "2"], { cwd: folder });
    const { failed, comparison } = JSON.parse(stdout) as {
      failed: boolean;
      comparison: { verdict: string };
    };
    return { status, failed, verdict: comparison.verdict };
  };
  // This machine is shared: a certificate of a hundredth and of hundredfold is beyond all noise.
  expect(await gate(certificate.latencyMs / 100)).toEqual({ status: 1, failed: true, verdict: "slower" });
  expect(await gate(certificate.latencyMs * 100)).toEqual({ status: 0, failed: false, verdict: "faster" });
});
