/**
 * An agent on another instruction set: Node and onnxruntime for aarch64 under qemu-user, as .ci/run installs them. It is no measure of
 * speed; it shows that the package runs there and computes what this machine computes.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { certifiedProbe } from "../../../src/deploy/child-probe.js";
import { exportChild } from "../../../src/deploy/export-child.js";
import { anchor } from "../../../src/evaluate/anchor.js";
import { numericsOf } from "../../../src/evaluate/probe.js";
import { biggest } from "../../../src/space/space.js";
import { localTarget } from "../../../src/target/local.js";
import { withModel } from "../../../src/target/target.js";
import { tinyRun } from "../../search/tiny-run.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { targetOf, tokenFileIn } from "./agents.js";

/** Debian's qemu-user-static, and the C library of libc6-arm64-cross and libstdc++6-arm64-cross. */
const qemu = "/usr/bin/qemu-aarch64-static";
const libraries = "/usr/aarch64-linux-gnu/lib";
const node = process.env["NESTLING_AARCH64_NODE"] ?? "";
const missing = [qemu, libraries, node].filter((path) => path === "" || !existsSync(path));
const main = resolve(import.meta.dirname, "../../../dist/cli/main.js");

/** What onnxruntime reads of a processor: qemu shows this machine's, which it can't make sense of. */
const cpuinfo = [0, 1]
  .map((processor) => `processor\t: ${processor}\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n`)
  .map((text) => `${text}CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n`)
  .join("");

const title =
  "an agent on an emulated aarch64 computes what this machine computes, a child's probe too, within float's tolerance";
test.skipIf(missing.length > 0)(
  missing.length > 0 ? `${title} (skipped: qemu or NESTLING_AARCH64_NODE is missing)` : title,
  async () => {
    const folder = await temporaryFolder();
    const [root, wrapped, preload] = ["root", "node", "preload.cjs"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await mkdir(join(root, "proc"), { recursive: true });
    await symlink(libraries, join(root, "lib"));
    await writeFile(join(root, "proc/cpuinfo"), cpuinfo);
    await writeFile(wrapped, `#!/bin/sh\nexec ${qemu} -cpu cortex-a72 -L ${root} ${node} "$@"\n`);
    await chmod(wrapped, 0o755);
    // The agent starts its children through qemu, too.
    await writeFile(preload, `process.execPath = ${JSON.stringify(wrapped)};`);
    const args = ["--require", preload, main, "agent", "--port", "0", "--token-file", await tokenFileIn(folder)];
    const agent = spawn(wrapped, args, { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void agent.kill("SIGKILL"));
    let output = "";
    agent.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    await expect.poll(() => output, { timeout: 120_000 }).toMatch(/Listening on \S+\n/);

    const { bytes, dims } = anchor();
    const there = targetOf({ url: /http:\S+/.exec(output)![0] });
    expect(await there.environment()).toMatchObject({
      os: expect.stringMatching(/ arm64$/) as string,
      cpuFlags: ["asimd"],
    });
    await withModel(there, bytes, (remote) =>
      withModel(localTarget({ profiles: false }), bytes, async (local) => {
        const input = Float32Array.from({ length: 2 * 784 }, (_, i) => Math.sin(i));
        const shape = [2, ...dims.slice(1)];
        const [found, wanted] = [await remote.run(input, shape), await local.run(input, shape)].map(({ outputs }) =>
          outputs.get("logits")!,
        ) as [Float32Array, Float32Array];
        const most = Math.max(...wanted.map(Math.abs));
        expect(Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThanOrEqual(
          1e-5 * (1 + most),
        );
        const visits = [{ model: remote, input: input.subarray(0, 784), dims }];
        const rounds = await there.rounds({ visits, runs: 2, seed: "a", forMs: 0, atLeast: 2, atMost: 2 });
        expect(rounds).toHaveLength(2);
      }),
    );

    const run = await tinyRun();
    const out = join(folder, "child.onnx");
    const architecture = biggest(run.supernet.space);
    const certificate = await exportChild(run, architecture, { out, recalibrationImages: 300, seconds: 0.1 });
    const numerics = await withModel(there, await readFile(out), (model) =>
      numericsOf(model, certifiedProbe(certificate)!),
    );
    // Other kernels round otherwise.
    expect(numerics.maxDifference).toBeGreaterThan(0);
    expect(numerics.maxDifference).toBeLessThanOrEqual(numerics.tolerance);
  },
);
