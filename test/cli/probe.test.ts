/** A certificate's probe on the command line: what is refused, by which exit code, and what a user may allow. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canonicalSeal, sealed } from "../../src/base/seal.js";
import type { Certificate } from "../../src/deploy/certificate.js";
import { runNestling, type Ended } from "./bad-input.js";
import { makeFinishedRun, shortly } from "./finished-run.js";

let folder: string;
let certificate: Certificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nestling-probe-"));
  await makeFinishedRun(folder);
  certificate = JSON.parse(await readFile(join(folder, "run/child.json"), "utf8")) as Certificate;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const nestling = (...args: readonly string[]): Promise<Ended> => runNestling([...args, ...shortly], { cwd: folder });

/** Beside run/child.onnx. */
const beside = (other: Certificate): Promise<void> =>
  writeFile(join(folder, "run/child.json"), JSON.stringify(sealed(other, canonicalSeal)));

test("bench and verify compute the probe on the target, and say so", async () => {
  await beside(certificate);
  const bench = await nestling("bench", "run/child.onnx", "--target", "local:threads=2");
  expect(bench.status, bench.stderr).toBe(0);
  expect(bench.stdout).toMatch(
    /run\/child\.onnx: logits on local:threads=2 differ from those on this machine's CPU by at most \S+; \S+ is the tolerance\n/,
  );
  const verify = await nestling("verify", "run/child.onnx");
  expect(verify.stdout).toMatch(
    /ok +probe: largest difference .*, on this machine's CPU\nok +numerics: .*, on local\n/,
  );
});

test("a target that computes otherwise is refused with 2 by bench, with 1 by verify, unless the difference is allowed", async () => {
  const { probe } = certificate;
  const logits = probe!.logits.map((row) => row.map((value) => value + 0.25));
  await beside({ ...certificate, probe: { ...probe!, logits } });
  const refused = await nestling("bench", "run/child.onnx", "--json");
  expect(refused.status).toBe(2);
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "target/numerics" } });
  expect(refused.stderr).toMatch(
    /target local is off by 2\.5e-1 in the logits of run\/child\.onnx; want at most \S+e-4/,
  );
  const allowed = await nestling("bench", "run/child.onnx", "--allow-difference");
  expect(allowed.status, allowed.stderr).toBe(0);
  expect(allowed.stdout).toMatch(
    /run\/child\.onnx: logits on local differ .* by at most 2\.5e-1; \S+ is the tolerance: it computes something else/,
  );
  const verify = await nestling("verify", "run/child.onnx");
  expect(verify.status).toBe(1);
  expect(verify.stdout).toMatch(/DIFFERS probe: .*\nDIFFERS numerics: .*\nskipped latency: /);
});

test("a program that prints times alone is timed, and said to be unchecked", async () => {
  await beside(certificate);
  const program = { kind: "command", run: [process.execPath, "-e", "console.log(1)"], reads: "milliseconds" };
  await writeFile(join(folder, "nestling.targets.json"), JSON.stringify({ targets: { board: program } }));
  const bench = await nestling("bench", "run/child.onnx", "--target", "board");
  expect(bench.status, bench.stderr).toBe(0);
  expect(bench.stdout).toContain("run/child.onnx: numerics are not checked on board: the target gives times alone");
});

test("export --no-probe keeps test images out of the certificate", async () => {
  const args = ["export", "run", "--arch", "smallest", "--out", "bare.onnx", "--recalibration-images", "64"];
  const exported = await nestling(...args, "--no-probe");
  expect(exported.status, exported.stderr).toBe(0);
  const bare = JSON.parse(await readFile(join(folder, "bare.json"), "utf8")) as Certificate;
  expect(bare).not.toHaveProperty("probe");
  // The target was checked all the same.
  expect(bare.latency.numerics!.maxDifference).toBeLessThanOrEqual(bare.latency.numerics!.tolerance);
  const verify = await nestling("verify", "bare.onnx", "--run", "run");
  expect(verify.status, verify.stdout).toBe(0);
  expect(verify.stdout).toContain("skipped probe: the certificate has none");
});
