/** Children in half precision as files that ship: their certificates, and that `verify` reruns them. */
import { readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { canonicalSeal, sealed } from "../../src/base/seal.js";
import { compiler } from "../../src/compile/compile-child.js";
import { certificatePath, type Certificate } from "../../src/deploy/certificate.js";
import { exportChild } from "../../src/deploy/export-child.js";
import { testImages } from "../../src/deploy/contract.js";
import { verifyChild } from "../../src/deploy/verify.js";
import { compareModels } from "../../src/evaluate/accuracy.js";
import { describeModel } from "../../src/onnx/decode.js";
import { biggest } from "../../src/space/space.js";
import { localTarget } from "../../src/target/local.js";
import { environmentHere } from "../../src/target/environment.js";
import { mockTarget } from "../../src/target/mock.js";
import { withModel } from "../../src/target/target.js";
import { tinyRun } from "../search/tiny-run.js";
import { temporaryFolder } from "../temporary-folder.js";

const run = await tinyRun();
const architecture = biggest(run.supernet.space);
const recalibrationImages = 100;

test("an int8 child proves that it computes in whole numbers, says how its ranges were chosen, and is verified", async () => {
  const out = join(await temporaryFolder(), "child.onnx");
  const target = mockTarget({ msOf: () => 1 });
  const options = { target, recalibrationImages, seconds: 1 };
  const wide = await exportChild(run, architecture, { ...options, out: join(await temporaryFolder(), "wide.onnx") });
  const certificate = await exportChild(run, architecture, { ...options, out, precision: "int8-x64" });
  const { ranges, quantized, float, unfused } = certificate.quantization!;
  expect(ranges.map(({ way }) => way)).toEqual(["min-max", "percentile", "least-squares"]);
  const taken = ranges.filter(({ isTaken }) => isTaken);
  expect(taken).toHaveLength(1);
  const most = Math.max(...ranges.map(({ correct }) => correct));
  const asRight = ranges.filter(({ correct }) => correct >= most - 5);
  expect(taken[0]!.difference).toBe(Math.min(...asRight.map(({ difference }) => difference)));
  expect(ranges.every(({ images }) => images === 1000)).toBe(true);
  // Swish and the gates of squeeze-and-excite, too.
  expect([unfused, float]).toEqual([0, {}]);
  expect([quantized["QLinearSigmoid"], quantized["QLinearMul"]].every((count) => count! > 5)).toBe(true);
  expect(quantized["QLinearConv"]).toBeGreaterThan(10);
  expect(Math.abs(certificate.accuracy - wide.accuracy)).toBeLessThan(0.02);
  const { checks } = await verifyChild(out, { run: run.folder, target, seconds: 1 });
  expect(checks.filter(({ verdict }) => verdict === "failed")).toEqual([]);
  expect(checks.find(({ name }) => name === "int8")?.detail).toMatch(/^\d+ nodes in whole numbers, \d+ in float32$/);
  expect(checks.find(({ name }) => name === "recompiled")?.detail).toBe("the same bytes");
});

test("a child for a runtime that is not here is counted by what its file quantises, and says why it is for it", async () => {
  const out = join(await temporaryFolder(), "child.onnx");
  const target = mockTarget({ msOf: () => 1 });
  const options = { target, recalibrationImages, seconds: 1, layoutWhy: "jetson runs on tensorrt" };
  const { quantization, precision } = await exportChild(run, architecture, {
    ...{ ...options, out, precision: "int8-tensorrt" },
  });
  expect([precision, quantization!.layout]).toEqual([
    "int8-tensorrt",
    { name: "tensorrt", why: "jetson runs on tensorrt" },
  ]);
  // Sigmoid and both products of swish and gate are in float32; no layer is.
  expect([quantization!.unfused, Object.keys(quantization!.float).sort()]).toEqual([0, ["Mul", "Sigmoid"]]);
  expect(quantization!.quantized["Conv"]).toBeGreaterThan(10);
  const { checks } = await verifyChild(out, { run: run.folder, target, seconds: 1 });
  expect(checks.filter(({ verdict }) => verdict === "failed")).toEqual([]);
  expect(checks.find(({ name }) => name === "int8")?.detail).toMatch(/^\d+ nodes in whole numbers, \d+ in float32$/);
});

test("what quantisation may lose is in certificate and provenance, verified with them; a child that loses more is refused, and nothing is written", async () => {
  const out = join(await temporaryFolder(), "child.onnx");
  const target = mockTarget({ msOf: () => 1 });
  const options = { out, target, recalibrationImages, seconds: 1, precision: "int8-x64" } as const;
  // Nothing gains 50 points: the half of the layers that may stays in float32, in vain.
  await expect(exportChild(run, architecture, { ...options, maxLoss: -50 })).rejects.toThrow(
    /in int8-x64 is -?[\d.]+ points \(± [\d.]+\) worse on 1000 images, with \d+ layers in float32; want at most -50/,
  );
  expect(existsSync(out)).toBe(false);
  const { quantization, provenance, keptInFloat32 } = await exportChild(run, architecture, { ...options, maxLoss: 30 });
  expect([provenance.maxLoss, quantization!.loss!.most, keptInFloat32]).toEqual([30, 30, undefined]);
  expect(quantization!.loss!.points).toBeLessThanOrEqual(30);
  const { checks } = await verifyChild(out, { run: run.folder, target, seconds: 1 });
  expect(checks.filter(({ verdict }) => verdict === "failed")).toEqual([]);
});

test("a child of other top-1s than its supernet's is refused though its logits are near: verify would refuse it, too", async () => {
  const out = join(await temporaryFolder(), "child.onnx");
  // Classes that are nearly one: logits as large as before, that differ by little.
  const weights = new Map(run.weights);
  for (const name of ["classifier.weight", "classifier.bias"]) {
    const all = weights.get(name)!;
    weights.set(
      name,
      all.map((value, i) => all[i - (i % 10)]! + (value - all[i - (i % 10)]!) / 100),
    );
  }
  const options = { out, recalibrationImages, target: mockTarget({ msOf: () => 1 }), seconds: 1 };
  const refused = exportChild({ ...run, weights }, architecture, { ...options, precision: "int8-x64" });
  // All of them, since those that are compared first show too many.
  await expect(refused).rejects.toThrow(
    /in int8-x64 is of another top-1 than its supernet on \d+ of 2000 images; want at most 200\./,
  );
  expect(existsSync(out)).toBe(false);
  expect((await exportChild({ ...run, weights }, architecture, options)).sameTopOne).toBeGreaterThan(0.99);
});

test.each(["float32", "float16", "int8-x64"] as const)(
  "weights that are no numbers are refused in %s as a fault of the run's, and nothing is written",
  async (precision) => {
    const out = join(await temporaryFolder(), "child.onnx");
    const weights = new Map(run.weights).set("classifier.bias", new Float32Array(10).fill(NaN));
    const options = { out, recalibrationImages, target: mockTarget({ msOf: () => 1 }), seconds: 1, precision };
    await expect(exportChild({ ...run, weights }, architecture, options)).rejects.toThrow(
      /of logits that are no numbers, in its supernet in float32 already; want numbers. The run's weights/,
    );
    expect(existsSync(out)).toBe(false);
  },
);

test("a float16 child has float32's top-1 on at least 99.9 % of the test images", async () => {
  const { bytes: wide } = await compiler(run, { recalibrationImages }).compile(architecture);
  const { bytes: half } = await compiler(run, { recalibrationImages, precision: "float16" }).compile(architecture);
  const images = testImages(run, architecture.resolution);
  const on = localTarget();
  const compared = await withModel(on, wide, (first) =>
    withModel(on, half, (second) => compareModels(first, second, images)),
  );
  expect(images.count).toBeGreaterThanOrEqual(1000);
  expect(compared.sameTopOne).toBeGreaterThanOrEqual(0.999);
  expect(compared.maxDifference).toBeGreaterThan(0);
});

test("its certificate says its precision, what was compared with what, and what stayed in float32; verify reruns it", async () => {
  const out = join(await temporaryFolder(), "child.onnx");
  const target = mockTarget({ msOf: () => 1 });
  const options = { out, target, recalibrationImages, seconds: 1, precision: "float16" } as const;
  const certificate = await exportChild(run, architecture, options);
  expect(certificate).toMatchObject({
    precision: "float16",
    provenance: { precision: "float16" },
    keptInFloat32: [],
    comparedWith: "the masked supernet in float32, with the same statistics, on onnxruntime without its optimisations",
  });
  expect(certificate.maxDifference).toBeGreaterThan(0);
  expect(certificate.maxDifference).toBeLessThanOrEqual(certificate.tolerance);
  expect(describeModel(await readFile(out))?.metadata.get("nestling.precision")).toBe("float16");
  const { checks } = await verifyChild(out, { run: run.folder, target, seconds: 1 });
  expect(checks.filter(({ verdict }) => verdict === "failed")).toEqual([]);
  expect(checks.find(({ name }) => name === "recompiled")?.detail).toBe("the same bytes");
});

test("a certificate that counts other nodes than onnxruntime computes fails on the same machine, and is a note on another", async () => {
  const out = join(await temporaryFolder(), "child.onnx");
  const options = { out, target: mockTarget({ msOf: () => 1 }), recalibrationImages, seconds: 1 };
  const { seal: _, ...certificate } = await exportChild(run, architecture, { ...options, precision: "int8-x64" });
  const wrong = { ...certificate, quantization: { ...certificate.quantization!, quantized: {} } };
  const verdictOf = async (cores: number): Promise<unknown> => {
    const environment = { ...environmentHere(), cores };
    await writeFile(certificatePath(out), JSON.stringify(sealed({ ...wrong, environment }, canonicalSeal)));
    const { checks } = await verifyChild(out, options);
    return checks.find(({ name }) => name === "int8")?.verdict;
  };
  expect(await verdictOf(environmentHere().cores)).toBe("failed");
  expect(await verdictOf(999)).toBe("noted");
});

test("an int8 certificate without its proof, of another layout, or of other ranges than the compiler's is found where it is sealed again", async () => {
  const out = join(await temporaryFolder(), "child.onnx");
  // Timed here, since another machine may measure otherwise.
  const target = localTarget();
  const options = { out, target, recalibrationImages, seconds: 0.1, precision: "int8-x64" } as const;
  const certificate = await exportChild(run, architecture, options);
  const { quantization, ...unproven } = certificate;
  const { ranges, layout } = quantization!;
  const failures = async (edited: Omit<Certificate, "seal">): Promise<string[]> => {
    await writeFile(certificatePath(out), JSON.stringify(sealed(edited, canonicalSeal)));
    const { checks } = await verifyChild(out, { run: run.folder, target, seconds: 0.1 });
    return checks.filter(({ verdict }) => verdict === "failed").map(({ name }) => name);
  };
  expect(await failures(certificate)).toEqual([]);
  expect(await failures(unproven)).toEqual(["arithmetic"]);
  const arm = { ...layout!, name: "arm" } as const;
  expect(await failures({ ...certificate, quantization: { ...quantization!, layout: arm } })).toEqual(["arithmetic"]);
  expect(await failures({ ...certificate, keptInFloat32: [{ node: "stem", why: "none" }] })).toEqual(["steps", "int8"]);
  const better = ranges.map((range) => ({ ...range, correct: range.correct + 1 }));
  expect(await failures({ ...certificate, quantization: { ...quantization!, ranges: better } })).toEqual(["steps"]);
});
