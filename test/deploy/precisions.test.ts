/** Children in half precision as files that ship: their certificates, and that `verify` reruns them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compiler } from "../../src/compile/compile-child.js";
import { exportChild } from "../../src/deploy/export-child.js";
import { testImages } from "../../src/deploy/contract.js";
import { verifyChild } from "../../src/deploy/verify.js";
import { compareModels } from "../../src/evaluate/accuracy.js";
import { describeModel } from "../../src/onnx/decode.js";
import { biggest } from "../../src/space/space.js";
import { localTarget } from "../../src/target/local.js";
import { mockTarget } from "../../src/target/mock.js";
import { withModel } from "../../src/target/target.js";
import { tinyRun } from "../search/tiny-run.js";
import { temporaryFolder } from "../temporary-folder.js";

const run = await tinyRun();
const architecture = biggest(run.supernet.space);
const recalibrationImages = 100;

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
