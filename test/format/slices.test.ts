/** Children of a run as slices of one checkpoint: each comes back byte for byte, without the run and its pictures. */
import { generateKeyPairSync } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { sha256Of } from "../../src/base/hash.js";
import { canonicalSeal, sealed } from "../../src/base/seal.js";
import { saveCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { certificatePath } from "../../src/deploy/certificate.js";
import { exportChild } from "../../src/deploy/export-child.js";
import { readShipped } from "../../src/format/shipped-child.js";
import { deploySlices } from "../../src/format/slices/deploy-slices.js";
import { exportSlice } from "../../src/format/slices/export-slice.js";
import type { SlicesFile } from "../../src/format/slices/slices-file.js";
import { verifyFolder } from "../../src/format/verify-folder.js";
import { layoutOf, viewsOf } from "../../src/graph/layout.js";
import { openRun } from "../../src/run/run.js";
import { biggest } from "../../src/space/space.js";
import { namedArrays } from "../../src/supernet/weights.js";
import { mockTarget } from "../../src/target/mock.js";
import { runNestlingHere } from "../cli/bad-input.js";
import { makeFinishedRun } from "../cli/finished-run.js";
import { temporaryFolder } from "../temporary-folder.js";

let folder: string;
let run: string;
let out: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  run = await makeFinishedRun(folder);
  out = join(folder, "out/nestling-slices");
});

const source = resolve("fixtures/fashion-mnist");
const nestling = (...args: readonly string[]) => runNestlingHere(args);
const deployed = async (): Promise<void> => {
  const { status, stderr } = await nestling(
    "deploy",
    run,
    "--for",
    "nestling-slices",
    "--out",
    join(folder, "out"),
    "--data",
    source,
  );
  expect(status, stderr).toBe(0);
};
const failed = async (): Promise<string[]> =>
  (await verifyFolder(out)).checks.filter(({ verdict }) => verdict === "failed").map(({ name }) => name);

test("a run's children come back byte for byte, when the run is gone", async () => {
  const child = join(run, "children/macs-1M.onnx");
  const [bytes, certificate] = [await readFile(child), await readFile(certificatePath(child))];
  await deployed();
  await rm(run, { recursive: true });
  expect(await failed()).toEqual([]);
  const again = join(folder, "again.onnx");
  const { status, stdout } = await nestling("export", out, "--slice", "macs-1M", "--out", again);
  expect(status).toBe(0);
  expect(stdout).toContain(sha256Of(bytes));
  expect((await readFile(again)).equals(bytes)).toBe(true);
  expect((await readFile(certificatePath(again))).equals(certificate)).toBe(true);
  expect((await readdir(out)).sort()).toEqual([
    ...["README.md", "certificates", "slices.json", "statistics.safetensors", "weights.safetensors"],
  ]);
});

test("of a run that was trained on since it was opened, the weights are those that it was opened with", async () => {
  const opened = await openRun(run, source);
  const layout = layoutOf(opened.supernet.graph);
  const [weightsFile] = (await readdir(join(run, "checkpoint"))).filter((name) => name.startsWith("weights"));
  const before = await readFile(join(run, "checkpoint", weightsFile!));
  const later = namedArrays(layout, viewsOf(layout, new Float32Array(layout.length)));
  await saveCheckpoint(join(run, "checkpoint"), { description: opened.description, weights: later });
  await deploySlices(opened, [await readShipped(join(run, "child.onnx"))], { out });
  expect((await readFile(join(out, "weights.safetensors"))).equals(before)).toBe(true);
});

test("several children share the weights, of any opset and batch", async () => {
  const opened = await openRun(run, source);
  const target = mockTarget({ msOf: () => 1 });
  const other = join(folder, "other.onnx");
  await exportChild(opened, biggest(opened.supernet.space), {
    ...{ out: other, target, seconds: 1, recalibrationImages: 100, opset: 13, staticBatch: 2 },
  });
  const children = await Promise.all([other, join(run, "child.onnx")].map(readShipped));
  await deploySlices(opened, children, { out: join(folder, "several") });
  for (const { name, bytes } of children) {
    const again = join(folder, `${name}-again.onnx`);
    await exportSlice(join(folder, "several"), name, again);
    expect((await readFile(again)).equals(bytes)).toBe(true);
  }
});

test("changed weights are refused, changed statistics and certificates found, each by name", async () => {
  await deployed();
  const path = join(out, "slices.json");
  const text = await readFile(path, "utf8");
  const slices = JSON.parse(text) as SlicesFile;
  const flip = async (file: string): Promise<Buffer> => {
    const bytes = await readFile(join(out, file));
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(join(out, file), bytes);
    return bytes;
  };
  const weights = await flip("weights.safetensors");
  await expect(failed()).rejects.toThrow("weights.safetensors is another file");
  // Also where its hash and the seal were made to fit.
  const hidden = { ...slices, weights: { ...slices.weights, sha256: sha256Of(weights) } };
  await writeFile(path, JSON.stringify(sealed(hidden, canonicalSeal)));
  expect(await failed()).toEqual(["macs-1M"]);
  await flip("weights.safetensors");
  await writeFile(path, text);
  const statistics = await flip("statistics.safetensors");
  const other = { ...slices, statistics: { ...slices.statistics, sha256: sha256Of(statistics) } };
  await writeFile(path, JSON.stringify(sealed(other, canonicalSeal)));
  expect(await failed()).toEqual(["macs-1M"]);
  await flip("statistics.safetensors");
  await writeFile(path, text);
  expect(await failed()).toEqual([]);
  const certificate = join(out, "certificates/macs-1M.json");
  await writeFile(certificate, (await readFile(certificate, "utf8")).replace(/"correct": \d+/, '"correct": 1999'));
  expect(await failed()).toEqual(["macs-1M"]);
});

test("a signature that such folders never have is refused, and says so", async () => {
  await deployed();
  const { publicKey } = generateKeyPairSync("ed25519");
  const signedBy = join(folder, "key.pub");
  await writeFile(signedBy, publicKey.export({ type: "spki", format: "pem" }));
  await expect(verifyFolder(out, { signedBy })).rejects.toThrow("a folder of slices, which nobody signs");
});

test("what is no child of the run in float32 is refused, and a folder that is there", async () => {
  const opened = await openRun(run, source);
  const child = await readShipped(join(run, "child.onnx"));
  const half = { ...child, certificate: { ...child.certificate, precision: "float16" as const } };
  await expect(deploySlices(opened, [half], { out })).rejects.toThrow("child.onnx is a child in float16");
  const foreign = { ...child, certificate: { ...child.certificate, provenanceHash: "0".repeat(64) } };
  await expect(deploySlices(opened, [foreign], { out })).rejects.toThrow("child.onnx is of another run");
  const elsewhere = { ...child, certificate: { ...child.certificate, sha256: "0".repeat(64) } };
  await expect(deploySlices(opened, [elsewhere], { out })).rejects.toThrow("compiles to other bytes here");
  await mkdir(out, { recursive: true });
  await expect(deploySlices(opened, [child], { out })).rejects.toThrow("nestling-slices is there already");
  expect(await readdir(out)).toEqual([]);
});

test("the command line says which slices there are, and what --slice and nestling-slices go with", async () => {
  await deployed();
  const slice = ["export", out, "--slice", "macs-1M", "--out", join(folder, "a.onnx")];
  expect((await nestling(...slice.with(3, "nonesuch"))).stderr).toMatch(/"nonesuch"; want macs-1M/);
  expect((await nestling(...slice, "--opset", "13")).stderr).toContain("--opset is given with --slice");
  expect((await nestling("export", run, "--slice", "macs-1M", "--out", "a.onnx")).stderr).toContain(
    "slices.json is missing",
  );
  const deploy = ["deploy", run, "--out", join(folder, "more"), "--for"];
  expect((await nestling(...deploy, "python,nestling-slices")).stderr).toContain("given with python; want one run");
  expect((await nestling(...deploy, "python", "--data", source)).stderr).toContain("--data is given without");
});
