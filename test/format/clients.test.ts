/** Deployed folders, loaded by what they are for: Python, Node, OpenVINO, and Triton's own definition of its config. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import { exportChild } from "../../src/deploy/export-child.js";
import type { Certificate } from "../../src/deploy/certificate.js";
import { deployChildren } from "../../src/format/deploy-child.js";
import { formatNames } from "../../src/format/formats.js";
import { openRun } from "../../src/run/run.js";
import { biggest } from "../../src/space/space.js";
import { parseSpace } from "../../src/supernet/spaces.js";
import { mockTarget } from "../../src/target/mock.js";
import { train } from "../../src/train/train.js";
import { missing, python } from "../judges/judges.js";
import { tinyRecipe, tinySpace } from "../train/tiny.js";
import { withoutOptimum, withoutTorch } from "./torch.js";

const run = promisify(execFile);
let folder: string;
let pictures: string[];
beforeAll(async () => {
  if (missing) return;
  folder = await mkdtemp(join(tmpdir(), "nestling-format-"));
  const source = join(folder, "pictures");
  await run(python, [resolve("test/judges/make_pictures.py"), source]);
  pictures = (await readdir(join(source, "test/ash"))).map((name) => join(source, "test/ash", name));
  const space = parseSpace({ ...tinySpace.data, channels: 3, classes: 3, resolutions: [16, 32] }, "test");
  const data = await loadDataset(source, { size: 32, channels: 3 });
  const recipe = tinyRecipe({ batch: 16, evaluation: { cropShare: 0.875, interpolation: "bicubic" } });
  const out = join(folder, "run");
  await train({ space, data, source, recipe, out, steps: 2 });
  const opened = await openRun(out);
  const target = mockTarget({ msOf: () => 1 });
  const export_ = (name: string, batch?: number): Promise<Certificate> =>
    exportChild(opened, biggest(space), {
      ...{ out: join(folder, `${name}.onnx`), target, recalibrationImages: 32, seconds: 1 },
      ...(batch !== undefined && { staticBatch: batch }),
    });
  await export_("free");
  await export_("fixed", 3);
  for (const name of ["free", "fixed"]) {
    await deployChildren([join(folder, `${name}.onnx`)], { formats: formatNames, out: join(folder, name) });
    await symlink(resolve("node_modules"), join(folder, name, "node/node_modules"));
  }
});
afterAll(() => (missing ? undefined : rm(folder, { recursive: true, force: true })));

/** What a folder's program says of pictures: by file, the classes in order and their percentages. */
const classified = (stdout: string): Map<string, string> =>
  new Map(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("\t")), line.slice(line.indexOf("\t") + 1)]),
  );

test.skipIf(missing).each(["free", "fixed"])(
  `a batch that is %s: Python and Node compute what is certified, and say the same of pictures of every kind${missing}`,
  async (batch) => {
    const at = (name: string): string => join(folder, batch, name);
    expect((await run(python, [at("python/check.py")])).stdout).toMatch(/^ok: largest difference /);
    expect((await run(process.execPath, [at("node/check.js")])).stdout).toMatch(/^ok: largest difference /);
    const byPython = classified((await run(python, [at("python/classify.py"), ...pictures])).stdout);
    const byNode = classified((await run(process.execPath, [at("node/classify.js"), ...pictures])).stdout);
    expect(byPython.size).toBe(pictures.length);
    expect(byNode).toEqual(byPython);
  },
);

test.skipIf(withoutTorch)(
  `PyTorch computes what is certified, says the same of pictures as Python, and finds other weights${withoutTorch}`,
  async () => {
    const at = (name: string): string => join(folder, "free", name);
    expect((await run(python, [at("pytorch/check.py")])).stdout).toMatch(/^ok: largest difference /);
    const byPython = classified((await run(python, [at("python/classify.py"), ...pictures])).stdout);
    const byPytorch = classified((await run(python, [at("pytorch/classify.py"), ...pictures])).stdout);
    expect(byPytorch).toEqual(byPython);
    const weights = await readFile(at("pytorch/weights.safetensors"));
    weights[weights.length - 1]! ^= 0x40;
    await writeFile(at("pytorch/weights.safetensors"), weights);
    await expect(run(python, [at("pytorch/check.py")])).rejects.toThrow(
      "weights.safetensors is not as it was deployed",
    );
  },
);

test.skipIf(missing)(`another file is found by both checks${missing}`, async () => {
  const [free, fixed] = [join(folder, "free"), join(folder, "fixed")];
  for (const [program, check, model] of [
    [python, "python/check.py", "python/model.onnx"],
    [process.execPath, "node/check.js", "node/model.onnx"],
  ] as const) {
    const own = await readFile(join(free, model));
    await writeFile(join(free, model), await readFile(join(fixed, model)));
    await expect(run(program, [join(free, check)])).rejects.toMatchObject({ code: 1 });
    await writeFile(join(free, model), own);
  }
});

const byPixels = `
import json, pathlib, sys, numpy, onnx, onnxruntime, openvino
folder, pictures = pathlib.Path(sys.argv[1]), sys.argv[2:]
sys.path.insert(0, str(folder / "python"))
import classify
from PIL import Image, ImageOps
path = str(folder / "pixels/pixels.onnx")
onnx.checker.check_model(onnx.load(path), full_check=True)
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
model = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
labels = (folder / "pixels/labels.txt").read_text().splitlines()
differences, same = {"onnxruntime": 0.0, "OpenVINO": 0.0}, 0
for picture in pictures:
    image = ImageOps.exif_transpose(Image.open(picture))
    if image.mode.startswith("I"):
        image = Image.fromarray((numpy.asarray(image) >> 8).astype(numpy.uint8))
    pixels = numpy.asarray(image.convert("RGB"))
    certified = dict(classify.classify(picture, len(labels)))
    wanted = numpy.array([certified[label] for label in labels])
    found = {"onnxruntime": session.run(["probabilities"], {"pixels": pixels})[0][0]}
    found["OpenVINO"] = model({"pixels": pixels})["probabilities"][0]
    same += all(shares.argmax() == wanted.argmax() for shares in found.values())
    for name, shares in found.items():
        differences[name] = max(differences[name], float(numpy.abs(shares - wanted).max()))
print(json.dumps([differences, same]))
`;

test.skipIf(missing).each(["free", "fixed"])(
  `a batch that is %s: the file that prepares pictures itself says the same of every kind, in onnxruntime and OpenVINO${missing}`,
  async (batch) => {
    const { stdout } = await run(python, ["-c", byPixels, join(folder, batch), ...pictures]);
    const [differences, same] = JSON.parse(stdout) as [Record<string, number>, number];
    for (const [name, difference] of Object.entries(differences)) expect(difference, name).toBeLessThan(1e-3);
    expect(same).toBe(pictures.length);
  },
);

const byOptimum = `
import json, pathlib, sys
from optimum.onnxruntime import ORTModelForImageClassification
from transformers import AutoImageProcessor, pipeline
folder, pictures = pathlib.Path(sys.argv[1]), sys.argv[2:]
sys.path.insert(0, str(folder / "python"))
import classify
from PIL import Image
card = folder / "transformers"
model = ORTModelForImageClassification.from_pretrained(card, subfolder="onnx", file_name="model.onnx")
ask = pipeline("image-classification", model=model, image_processor=AutoImageProcessor.from_pretrained(card))
count = len((card / "labels.txt").read_text().splitlines())
found = []
for picture in pictures:
    certified = dict(classify.classify(picture, count))
    answers = ask(picture, top_k=count)
    assert {one["label"] for one in answers} == set(certified)
    difference = max(abs(one["score"] - certified[one["label"]]) for one in answers)
    is_16_bit = Image.open(picture).mode.startswith("I")
    found.append({"picture": picture, "is16Bit": is_16_bit, "difference": difference, "same": answers[0]["label"] == next(iter(certified))})
print(json.dumps(found))
`;

test.skipIf(withoutOptimum)(
  `optimum with transformers, from the transformers folder, says of pictures of every kind but greys of 16 bits what Python says${withoutOptimum}`,
  async () => {
    const env = { ...process.env, HF_HUB_OFFLINE: "1" };
    const { stdout } = await run(python, ["-c", byOptimum, join(folder, "free"), ...pictures], { env });
    const found = JSON.parse(stdout) as { picture: string; is16Bit: boolean; difference: number; same: boolean }[];
    expect(found.length).toBe(pictures.length);
    const off = found.filter(({ difference, same }) => !same || !(difference < 1e-5));
    expect(off.filter(({ is16Bit }) => !is16Bit)).toEqual([]);
    expect(off.length).toBeLessThanOrEqual(2);
  },
);

const byOpenvino = `
import base64, json, pathlib, sys, numpy, openvino
folder = pathlib.Path(sys.argv[1])
config = json.loads((folder / "config.json").read_text())["model_config_list"][0]["config"]
certificate = json.loads((folder / "certificate.json").read_text())
wanted, probe = json.loads((folder / "preprocessor_config.json").read_text()), certificate["probe"]
side = wanted["crop_size"]["height"]
pixels = numpy.frombuffer(base64.b64decode(probe["pixels"]), numpy.uint8).reshape(-1, side, side, wanted["channels"])
values = (pixels * wanted["rescale_factor"] - wanted["image_mean"]) / wanted["image_std"]
values = values.transpose(0, 3, 1, 2).astype(numpy.float32)
model = openvino.Core().compile_model(folder / config["name"] / "1" / "model.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
print(float(numpy.abs(model(values)["logits"] - numpy.array(probe["logits"])).max()))
`;

test.skipIf(missing)(
  `OpenVINO's runtime loads the Model Server's layout and computes what is certified${missing}`,
  async () => {
    const { stdout } = await run(python, ["-c", byOpenvino, join(folder, "free/openvino")]);
    expect(Number(stdout)).toBeLessThan(1e-4);
  },
);

const byTriton = `
import importlib.util, json, pathlib, site, sys
from google.protobuf import json_format, text_format
# The package's other modules want gRPC.
path = pathlib.Path(site.getsitepackages()[0]) / "tritonclient/grpc/model_config_pb2.py"
spec = importlib.util.spec_from_file_location("model_config_pb2", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
config = text_format.Parse(pathlib.Path(sys.argv[1]).read_text(), module.ModelConfig())
print(json.dumps(json_format.MessageToDict(config, preserving_proto_field_name=True)))
`;

test.skipIf(missing)(
  `Triton's protobuf definition reads its config, and batches agree on both sides${missing}`,
  async () => {
    const configOf = async (name: string): Promise<Record<string, unknown>> => {
      const at = join(folder, name, "triton", name, "config.pbtxt");
      return JSON.parse((await run(python, ["-c", byTriton, at])).stdout) as Record<string, unknown>;
    };
    expect(await configOf("free")).toMatchObject({
      ...{ name: "free", backend: "onnxruntime", max_batch_size: 64, dynamic_batching: {} },
      input: [{ name: "pixel_values", data_type: "TYPE_FP32", dims: ["3", "32", "32"] }],
      output: [{ name: "logits", data_type: "TYPE_FP32", dims: ["3"], label_filename: "labels.txt" }],
      model_warmup: [{ batch_size: 1, inputs: { pixel_values: { dims: ["3", "32", "32"], random_data: true } } }],
    });
    const fixed = await configOf("fixed");
    // 0 is the default and left out.
    expect(fixed["max_batch_size"]).toBeUndefined();
    expect(fixed["dynamic_batching"]).toBeUndefined();
    expect(fixed).toMatchObject({ input: [{ dims: ["3", "3", "32", "32"] }], output: [{ dims: ["3", "3"] }] });
  },
);
