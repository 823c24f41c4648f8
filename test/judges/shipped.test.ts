/** A child as `nestling export` writes it, in Python: what it says of itself, and README's own lines. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nestling } from "../cli/nestling.js";
import { missing, python } from "./judges.js";
import { readmeLines } from "./readme.js";

let folder: string;

beforeAll(async () => {
  if (missing) return;
  folder = await mkdtemp(join(tmpdir(), "nestling-shipped-"));
  const run = join(folder, "run");
  const trained = nestling(
    ...["train", "--space", "fashion", "--data", "fixtures/fashion-mnist", "--out", run, "--steps", "2"],
  );
  expect(trained.status, trained.stderr).toBe(0);
  const exported = nestling(
    "export",
    run,
    "--arch",
    "biggest",
    "--out",
    join(folder, "child.onnx"),
    "--seconds",
    "0.1",
  );
  expect(exported.status, exported.stderr).toBe(0);
}, 120_000);

afterAll(() => {
  if (!missing) rmSync(folder, { recursive: true, force: true });
});

/** Runs Python where `child.onnx` lies; what it prints. */
const inPython = (code: string): string => execFileSync(python, ["-c", code], { cwd: folder, encoding: "utf8" });

test.skipIf(missing)(
  `the file's metadata is read by onnx and by onnxruntime, as the certificate has it${missing}`,
  () => {
    const [props, custom] = JSON.parse(
      inPython(`
import json, onnx, onnxruntime
props = {p.key: p.value for p in onnx.load("child.onnx").metadata_props}
custom = onnxruntime.InferenceSession("child.onnx").get_modelmeta().custom_metadata_map
print(json.dumps([props, custom]))
`),
    ) as Record<string, string>[];
    expect(custom).toEqual(props);
    const certificate = JSON.parse(readFileSync(join(folder, "child.json"), "utf8")) as Record<string, unknown>;
    const json = (key: string): unknown => JSON.parse(props![`nestling.${key}`]!);
    expect(props!["nestling.architecture_id"]).toBe(certificate["id"]);
    expect(props!["nestling.provenance_sha256"]).toBe(certificate["provenanceHash"]);
    expect(json("architecture")).toEqual(certificate["architecture"]);
    expect(json("labels")).toEqual(certificate["labels"]);
    expect(json("preprocessing")).toEqual(certificate["preprocessing"]);
  },
);

test.skipIf(missing)(
  `the certificate's probe is read with NumPy alone, and onnxruntime in Python gives its logits within the tolerance${missing}`,
  () => {
    const [difference, tolerance, images] = JSON.parse(
      inPython(`
import base64, json, numpy as np, onnxruntime
c = json.load(open("child.json"))
probe, p = c["probe"], c["preprocessing"]
side = p["crop_size"]["height"]
pixels = np.frombuffer(base64.b64decode(probe["pixels"]), np.uint8).reshape(-1, side, side, p["channels"])
x = (pixels * p["rescale_factor"] - np.array(p["image_mean"])) / np.array(p["image_std"])
x = x.transpose(0, 3, 1, 2).astype(np.float32)
[logits] = onnxruntime.InferenceSession("child.onnx").run(["logits"], {"pixel_values": x})
wanted = np.array(probe["logits"])
print(json.dumps([float(abs(logits - wanted).max()), 1e-4 * (1 + float(abs(wanted).max())), len(pixels)]))
`),
    ) as [number, number, number];
    expect(images).toBe(4);
    expect(difference).toBeLessThanOrEqual(tolerance);
  },
);

test.skipIf(missing)(`README's Python lines run on an exported child and end with its logits${missing}`, () => {
  inPython(`from PIL import Image; Image.new("RGB", (90, 60), "orange").save("photo.jpg")`);
  const printed = inPython(`${readmeLines("all")}\nprint(json.dumps(list(logits.shape)))`);
  const shape = JSON.parse(printed.trim().split("\n").at(-1)!) as number[];
  expect(shape).toHaveLength(2);
  expect(shape[1]).toBe(10);
});
