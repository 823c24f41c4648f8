/** A real child of a tiny run, exported, and everything that can be done to it afterwards. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { canonicalSeal, sealed } from "../../src/base/seal.js";
import { sha256Of } from "../../src/base/hash.js";
import { hashProvenance } from "../../src/compile/provenance.js";
import { certificateSchema, type Certificate } from "../../src/deploy/certificate.js";
import { exportChild } from "../../src/deploy/export-child.js";
import { gateLatency } from "../../src/deploy/gate.js";
import { verifyChild, type Verification, type VerifyOptions } from "../../src/deploy/verify.js";
import { wilson } from "../../src/evaluate/accuracy.js";
import { withSession } from "../../src/runtime/session.js";
import { describeModel } from "../../src/onnx/decode.js";
import { biggest, sample } from "../../src/space/space.js";
import { mockTarget, type MockRun } from "../../src/target/mock.js";
import { random } from "../../src/base/random.js";
import { tinyRun } from "../search/tiny-run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { source } from "../train/tiny.js";

const [run, otherRun] = [await tinyRun(), await tinyRun(4, 8)];
const recalibrationImages = 300;
const architecture = sample(run.supernet.space, random(2));
const child = join(run.folder, "child.onnx");
/** Each run takes 2 ms, of a child and of the anchor. */
const target = mockTarget({ name: "board", msOf: () => 2 });
let certificate: Certificate;

beforeAll(async () => {
  certificate = await exportChild(run, architecture, { out: child, recalibrationImages, target });
});

/** Latency sessions are short: what is asked here is not how long children take. */
const verify = (path: string, options: VerifyOptions = {}): Promise<Verification> =>
  verifyChild(path, { seconds: 0.1, ...options });

const failures = ({ checks }: Verification): string[] =>
  checks.filter(({ verdict }) => verdict === "failed").map(({ name }) => name);

/** A copy of the child, changed. */
async function copy(
  change: { bytes?: (bytes: Buffer) => Uint8Array; certificate?: (certificate: Certificate) => Certificate } = {},
): Promise<string> {
  const path = join(await temporaryFolder(), "child.onnx");
  const bytes = await readFile(child);
  await writeFile(path, change.bytes?.(bytes) ?? bytes);
  await writeFile(path.replace(".onnx", ".json"), JSON.stringify(change.certificate?.(certificate) ?? certificate));
  return path;
}

/** A copy whose certificate was changed, and sealed again. */
const resealed = (edit: Partial<Certificate>) =>
  copy({ certificate: (whole) => sealed({ ...whole, ...edit }, canonicalSeal) });

test("the certificate has the names that were promised, passes its schema, and speaks of the file beside it", async () => {
  const written: unknown = JSON.parse(await readFile(child.replace(".onnx", ".json"), "utf8"));
  expect(certificateSchema.parse(written)).toEqual(certificate);
  for (const name of [
    "architecture",
    "macs",
    "parameters",
    "accuracy",
    "accuracyInterval",
    "latencyMs",
    "maxDifference",
    "sha256",
  ]) {
    expect(written).toHaveProperty(name);
  }
  const bytes = await readFile(child);
  expect(certificate).toMatchObject({
    file: "child.onnx",
    sha256: sha256Of(bytes),
    fileBytes: bytes.length,
    architecture,
  });
  expect(certificate.maxDifference).toBeLessThanOrEqual(certificate.tolerance);
  expect(certificate.accuracyInterval[0]).toBeLessThan(certificate.accuracy);
  expect(certificate.accuracyInterval[1]).toBeGreaterThan(certificate.accuracy);
  expect(certificate.testImages).toBe(run.data.test.count);
  expect(certificate).toMatchObject({
    target: "board",
    environment: await target.environment(),
    latencyMs: 2,
    // A mock's times have no spread: what is left is what processes differ by, 1 % and 1.5 µs.
    latency: {
      repeatability: expect.closeTo(0.01075, 9) as number,
      p50Ms: 2,
      p90Ms: 2,
      minMs: 2,
      anchorMs: 2,
      anchorSpread: 0,
    },
  });
  expect(target.loaded).toBe(0);
});

test("an untouched child passes, alone, with its data and with its run; latency is a note", async () => {
  const detailOf = ({ checks }: Verification): unknown => checks.find(({ name }) => name === "latency")?.detail;
  const alone = await verify(child);
  expect(detailOf(alone)).toMatch(
    /^[\d.]+ ms ± [\d.]+ % here, certified 2\.00 ms ± 1\.1 %: not compared, that was on board$/,
  );
  expect(failures(alone)).toEqual([]);
  expect(alone.checks.filter(({ verdict }) => verdict === "skipped").map(({ name }) => name)).toEqual([
    "supernet",
    "accuracy",
  ]);
  const withData = await verify(child, { data: source, target: mockTarget({ name: "phone", msOf: () => 3 }) });
  expect(detailOf(withData)).toBe(
    "3.00 ms ± 1.3 % on phone, certified 2.00 ms ± 1.1 %: not compared, that was on board",
  );
  expect(withData.checks.find(({ name }) => name === "accuracy")?.verdict).toBe("passed");
  const withRun = await verify(child, { run: run.folder, target });
  expect(failures(withRun)).toEqual([]);
  const verdicts = new Map(withRun.checks.map(({ name, verdict }) => [name, verdict]));
  for (const name of [
    "sha256",
    "seal",
    "arithmetic",
    "provenance",
    "loads",
    "run",
    "costs",
    "recompiled",
    "supernet",
    "accuracy",
  ]) {
    expect(verdicts.get(name), name).toBe("passed");
  }
  expect(verdicts.get("latency")).toBe("noted");
  // Keys in another order are no change.
  const turned = await copy({
    certificate: (whole) => Object.fromEntries(Object.entries(whole).reverse()) as Certificate,
  });
  expect((await verify(turned)).passed).toBe(true);
});

test("latency is compared by what sessions repeat to, on the same target and machine alone", async () => {
  const compared = async (path: string, childMs: number, anchorMs: number, profiles?: string): Promise<string> => {
    const { length } = await readFile(child);
    const msOf = ({ bytes }: MockRun): number => (bytes.length === length ? childMs : anchorMs);
    const board = mockTarget({ name: "board", msOf, ...(profiles !== undefined && { profiles }) });
    const { passed, checks } = await verify(path, { target: board, ...(profiles !== undefined && { seconds: 10 }) });
    expect(passed).toBe(true);
    return checks.find(({ name }) => name === "latency")!.detail;
  };
  expect(await compared(child, 2, 2)).toBe("2.00 ms ± 1.5 % on board, certified 2.00 ms ± 1.1 %: same");
  expect(await compared(child, 2.02, 2)).toMatch(/: same$/);
  expect(await compared(child, 2.04, 2)).toMatch(/: differs, 1\.02 ×$/);
  expect(await compared(child, 1.9, 2)).toMatch(/: differs, 0\.95 ×$/);
  // Where the machine runs at another speed, by its anchor.
  expect(await compared(child, 2.5, 2.6)).toMatch(/: differs, 0\.96 × by the anchor; the machine takes 1\.30 ×$/);
  expect(await compared(child, 2.6, 2.6)).toMatch(/: same by the anchor; the machine takes 1\.30 ×$/);
  // Where both refer to a profile, by the anchor: this machine has become faster, or its profile knows better.
  const byProfile = await resealed({ latency: { ...certificate.latency, scale: 1, profileSessions: 5 } });
  const profiles = await temporaryFolder();
  expect(await compared(byProfile, 1.5, 1.5, profiles)).toMatch(/1\.50 ms .* certified 2\.00 ms .*: same$/);
  expect(await compared(byProfile, 2, 1.5, profiles)).toMatch(/: differs, 1\.33 ×$/);
  expect(await compared(byProfile, 1.5, 1.5)).toMatch(/: same by the anchor; the machine takes 0\.75 ×$/);
  // A certificate of before profiles says nothing of them.
  const { scale: _, profileSessions: __, ...older } = certificate.latency;
  expect(await compared(await resealed({ latency: older }), 1.5, 1.5, profiles)).toMatch(/: same by the anchor/);
  const elsewhere = await resealed({ environment: { ...certificate.environment, cpu: "faster", threads: 4 } });
  expect(await compared(elsewhere, 2, 2)).toMatch(/: not compared, that was with another cpu, threads$/);
});

test("a latency that must repeat is tried up to five times; one within 5 % is enough", async () => {
  const tried = async (factors: readonly number[]): Promise<{ notes: string[]; verdict: string; detail: string }> => {
    const { length } = await readFile(child);
    const notes: string[] = [];
    // Each session takes 25 s of the mock's clock.
    const at = (nowMs: number): number => factors[Math.min(factors.length - 1, Math.floor(nowMs / 25_000))]!;
    const board = mockTarget({
      name: "board",
      msOf: ({ bytes, nowMs }) => (bytes.length === length ? 2 * at(nowMs) : 2),
    });
    const repeat = { pauseSeconds: 0 };
    const { checks } = await verify(child, { seconds: 25, target: board, repeat, onNote: (line) => notes.push(line) });
    const { verdict, detail } = checks.find(({ name }) => name === "latency")!;
    return { notes, verdict, detail };
  };
  expect(await tried([1.04])).toMatchObject({ verdict: "passed", notes: [] });
  const third = await tried([1.2, 0.9, 1]);
  expect(third.verdict).toBe("passed");
  expect(third.detail).toMatch(/in try 3 of 5$/);
  expect(third.notes).toHaveLength(2);
  const never = await tried([1.06]);
  expect(never).toMatchObject({ verdict: "failed" });
  expect(never.detail).toMatch(/: 1\.060 × the certified, in try 5 of 5$/);
  // A latency on another device is not compared.
  const phone = mockTarget({ name: "phone", msOf: () => 9 });
  const { checks } = await verify(child, { target: phone, repeat: {} });
  expect(checks.find(({ name }) => name === "latency")).toMatchObject({ verdict: "noted" });
});

test("the gate fails a file that is slower by more than is allowed, beyond chance", async () => {
  const { length } = await readFile(child);
  const gated = (ms: number, anchorMs = 2, name = "board"): ReturnType<typeof gateLatency> => {
    const msOf = ({ bytes }: MockRun): number => (bytes.length === length ? ms : anchorMs);
    return gateLatency(child, child.replace(".onnx", ".json"), 0.05, { target: mockTarget({ name, msOf }) });
  };
  expect(await gated(2)).toMatchObject({ failed: false, comparison: { verdict: "no difference" } });
  expect(await gated(2.06)).toMatchObject({ failed: false, comparison: { verdict: "slower" } });
  expect(await gated(1.8)).toMatchObject({ failed: false, comparison: { verdict: "faster" } });
  expect(await gated(2.15)).toMatchObject({ failed: true, comparison: { verdict: "slower" } });
  // A machine that is slower as a whole is no fault of the file, and one that is faster no merit.
  expect(await gated(3, 3)).toMatchObject({ failed: false, comparison: { machine: 1.5, ratio: 1 } });
  expect(await gated(2, 1)).toMatchObject({ failed: true, comparison: { machine: 0.5, ratio: 2 } });
  await expect(gated(2, 2, "phone")).rejects.toThrow("of another device: that was on board; want a latency of phone");
});

test("a flipped byte is found, wherever it lies", async () => {
  const { length } = await readFile(child);
  const draw = random("flips");
  for (let flip = 0; flip < 25; flip++) {
    const at = draw.integer(length);
    const path = await copy({
      bytes: (bytes) => bytes.map((byte, i) => (i === at ? byte ^ (1 << draw.integer(8)) : byte)),
    });
    const found = await verify(path);
    expect(found.passed).toBe(false);
    expect(failures(found), `byte ${at}`).toContain("sha256");
  }
});

test("a truncated file and an empty one are found", async () => {
  for (const length of [0, 1000]) {
    const found = await verify(await copy({ bytes: (bytes) => bytes.subarray(0, length) }));
    expect(failures(found)).toEqual(expect.arrayContaining(["sha256", "loads"]));
  }
});

test("each number of the certificate that is edited is found", async () => {
  const edits: Partial<Certificate>[] = [
    { accuracy: 0.99 },
    { accuracyInterval: [0.98, 1] },
    { correct: certificate.correct + 1 },
    { macs: certificate.macs - 1 },
    { parameters: 7 },
    { peakBytes: 7 },
    { latencyMs: 0.001 },
    { maxDifference: 0 },
    { id: "1" },
    { labels: [...certificate.labels].reverse() },
    { architecture: biggest(run.supernet.space) },
    { environment: { ...certificate.environment, cpu: "faster" } },
    { provenance: { ...certificate.provenance, step: 9999 } },
  ];
  for (const edit of edits) {
    const found = await verify(await copy({ certificate: (whole) => ({ ...whole, ...edit }) }));
    expect(failures(found), Object.keys(edit).join()).toContain("seal");
  }
});

test("an edit that is sealed again is found where it contradicts the file, itself, or the run", async () => {
  const alone = async (edit: Partial<Certificate>) => failures(await verify(await resealed(edit)));
  expect(await alone({ accuracy: 0.99 })).toEqual(["arithmetic"]);
  expect(await alone({ architecture: biggest(run.supernet.space) })).toEqual(["provenance"]);
  expect(await alone({ labels: [...certificate.labels].reverse() })).toEqual(["provenance"]);
  expect(await alone({ latencyMs: 0.001 })).toEqual(["arithmetic"]);
  expect(await alone({ sameTopOne: 7 })).toEqual(["arithmetic"]);
  expect(await alone({ comparedImages: certificate.testImages + 1 })).toEqual(["arithmetic"]);
  expect(await alone({ id: "1" })).toEqual(["arithmetic", "provenance"]);
  const withRun = async (edit: Partial<Certificate>) =>
    failures(await verify(await resealed(edit), { run: run.folder }));
  expect(await withRun({ macs: certificate.macs - 1 })).toEqual(["costs"]);
  const correct = certificate.testImages;
  const perfect = { correct, accuracy: 1, accuracyInterval: wilson(correct, correct) };
  expect(await withRun(perfect)).toEqual(["accuracy"]);
});

test("another run beside a file is a mistake in what was given, and no verdict on the file", async () => {
  await expect(verify(child, { run: otherRun.folder })).rejects.toMatchObject({
    code: "deploy/run",
    message: expect.stringContaining(
      `want the run that the child is of: checkpoint ${certificate.provenance.checkpoint}`,
    ) as string,
  });
});

test("a certificate of no images, or of parts of one, can't be read", async () => {
  for (const recalibrationImages of [0, -5, 64.5]) {
    const lying = await resealed({ provenance: { ...certificate.provenance, recalibrationImages } });
    await expect(verify(lying, { run: run.folder })).rejects.toMatchObject({ code: "deploy/certificate" });
  }
});

test("a file names its own certificate and no other of its run: each child, and each batch of one, has a provenance of its own", async () => {
  const others = [
    await exportChild(run, biggest(run.supernet.space), { out: join(run.folder, "names.onnx"), recalibrationImages }),
    await exportChild(run, architecture, { out: join(run.folder, "fixed.onnx"), recalibrationImages, staticBatch: 2 }),
  ];
  const all = [certificate, ...others];
  expect(new Set(all.map(({ provenanceHash }) => provenanceHash)).size).toBe(all.length);
  for (const { file, provenanceHash, provenance, id, precision } of all) {
    const { metadata } = describeModel(await readFile(join(run.folder, file)))!;
    expect(metadata.get("nestling.provenance_sha256")).toBe(provenanceHash);
    expect(metadata.get("nestling.precision")).toBe(precision);
    expect(metadata.has("nestling.certificate")).toBe(false);
    expect(provenance).toMatchObject({ architecture: id, precision: "float32" });
  }
  expect(others.map(({ provenance }) => provenance.batch)).toEqual(["free", 2]);
});

test("a file of another opset says so, and is compiled again to the same bytes in its opset; before there was a choice it was 17", async () => {
  const path = join(run.folder, "older.onnx");
  const older = await exportChild(run, architecture, { out: path, recalibrationImages, target, opset: 13 });
  expect(describeModel(await readFile(path))!.opset).toBe(13);
  expect(describeModel(await readFile(child))!.opset).toBe(17);
  expect(older.provenance.opset).toBe(13);
  expect(certificate.provenance).not.toHaveProperty("opset");
  expect(older).toMatchObject({ macs: certificate.macs, correct: certificate.correct });
  const found = await verify(path, { run: run.folder });
  expect(failures(found)).toEqual([]);
  expect(found.checks.find(({ name }) => name === "recompiled")?.verdict).toBe("passed");

  const claimed = { ...certificate.provenance, opset: 13 };
  const lying = await resealed({ provenance: claimed, provenanceHash: hashProvenance(claimed) });
  const { checks } = await verify(lying);
  expect(checks.find(({ name }) => name === "provenance")?.detail).toMatch(/^the file says otherwise: opset, /);
});

test("an opset that no file is written in is refused before anything is measured", async () => {
  for (const opset of [10, 27, 17.5, Number.NaN]) {
    const out = join(run.folder, "none.onnx");
    await expect(exportChild(run, architecture, { out, opset })).rejects.toMatchObject({
      code: "compile/opset",
      message: `the opset is ${opset}; want one from 11 to 26. Use 17, or the newest one that your runtime loads.`,
    });
  }
});

test("the certificate of another child does not pass", async () => {
  const other = join(run.folder, "other.onnx");
  await exportChild(run, biggest(run.supernet.space), { out: other, recalibrationImages });
  const path = await copy();
  await copyFile(other.replace(".onnx", ".json"), path.replace(".onnx", ".json"));
  expect(failures(await verify(path))).toEqual(expect.arrayContaining(["sha256", "provenance"]));
});

test("a fixed batch is exported, runs at it, and is verified by its bytes", async () => {
  const out = join(run.folder, "static.onnx");
  const fixed = await exportChild(run, architecture, { out, recalibrationImages, staticBatch: 4 });
  expect(fixed).toMatchObject({
    inputs: { pixel_values: [4, 1, architecture.resolution, architecture.resolution] },
    accuracy: certificate.accuracy,
  });
  await withSession(await readFile(out), {}, async (session) => {
    const { resolution } = architecture;
    const outputs = await session.run(new Float32Array(4 * resolution ** 2), [4, 1, resolution, resolution]);
    expect(outputs.get("logits")).toHaveLength(4 * 10);
    await expect(session.run(new Float32Array(resolution ** 2), [1, 1, resolution, resolution])).rejects.toThrow();
  });
  const found = await verify(out, { run: run.folder });
  expect(failures(found)).toEqual([]);
  expect(found.checks.find(({ name }) => name === "recompiled")?.detail).toBe("the same bytes");
});

test("what can't be verified is said: no file, no certificate, a damaged one, another name than .onnx", async () => {
  const folder = await temporaryFolder();
  await expect(verify(join(folder, "none.onnx"))).rejects.toThrow("want an .onnx file");
  const bare = join(folder, "bare.onnx");
  await copyFile(child, bare);
  await expect(verify(bare)).rejects.toThrow("want the certificate beside the file");
  await writeFile(join(folder, "bare.json"), '{"format":1');
  await expect(verify(bare)).rejects.toThrow("is not JSON");
  await writeFile(join(folder, "bare.json"), '{"format":1}');
  await expect(verify(bare)).rejects.toThrow("sha256 is missing");
  await expect(exportChild(run, architecture, { out: join(folder, "child.pb") })).rejects.toThrow(
    "a name that ends in .onnx",
  );
  expect(existsSync(join(folder, "child.pb"))).toBe(false);
});
