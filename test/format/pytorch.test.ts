/** Children of every shipped space as PyTorch's code: the same logits, by PyTorch, its exporters and onnxruntime. */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { encodeSafetensors } from "../../src/checkpoint/safetensors.js";
import { slicedChild } from "../../src/compile/children.js";
import { emit } from "../../src/compile/emit.js";
import { measure } from "../../src/compile/measure.js";
import { floatSteps } from "../../src/compile/passes.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { pytorchModel } from "../../src/format/pytorch/model-py.js";
import { readNetwork } from "../../src/format/pytorch/network.js";
import type { Architecture } from "../../src/space/space.js";
import { shippedSpaces } from "../../src/supernet/spaces.js";
import { largest, onRuntime, TOLERANCE } from "../compile/contract.js";
import { randomArchitectures, randomImages, randomSupernet, spaceAt } from "../compile/random-children.js";
import { python } from "../judges/judges.js";
import { temporaryFolder } from "../temporary-folder.js";
import { withoutLitert, withoutTorch } from "./torch.js";

/** 3.9e-5 and 1.04e-5 were seen: in these deep spaces PyTorch and onnxruntime are equally far from float64. The contract's own tolerance counts there. */
const deepSpaces = ["effnetv2-s", "mnv4-conv-s"];
/** max |difference of logits| ≤ tolerance × (1 + max |logit|). */
const toleranceOf = (space: string): number => (deepSpaces.includes(space) ? TOLERANCE : 1e-5);
const IMAGES = 4;

interface Answer {
  readonly logits: readonly number[];
  /** What torch.export made gives, where an ONNX file was asked for. */
  readonly exported?: readonly number[];
  /** What LiteRT gives, where a file of its own was asked for. */
  readonly litert?: readonly number[];
  readonly trained: boolean;
}

async function askPytorch(cases: readonly object[]): Promise<Answer[]> {
  const running = promisify(execFile)(python, ["test/format/pytorch.py"], { maxBuffer: 2 ** 28 });
  running.child.stdin!.end(JSON.stringify(cases));
  return JSON.parse((await running).stdout.trimEnd().split("\n").at(-1)!) as Answer[];
}

const difference = (found: ArrayLike<number>, logits: Float32Array): number =>
  largest(Array.from(found, (value, i) => value - logits[i]!)) / (1 + largest(logits));

/** A random child of a space, its code and weights in a folder, and what onnxruntime computes of it. */
async function writeChild(name: string, folder: string) {
  // 36 pixels halve to 9, 5 and 3: pooling windows that are cut off.
  const space = await spaceAt(name, [36]);
  const { supernet, weights } = randomSupernet(space, 1);
  const block = randomImages(space, 36, IMAGES, 1);
  const [[id, architecture]] = [...randomArchitectures(space, 14, 1)] as [[string, Architecture]];
  const sliced = slicedChild(supernet, weights, architecture);
  const { child } = await runPasses(sliced, floatSteps, (measured, before) => measure(measured, before, block));
  const bytes = emit(child, { resolution: 36, output: "logits" });
  const model = pytorchModel(readNetwork(bytes), id);
  await mkdir(folder);
  await writeFile(join(folder, "images"), toChannelsFirst(block.images, IMAGES, space.channels));
  await writeFile(join(folder, "model.py"), model.code);
  await writeFile(join(folder, "weights.safetensors"), encodeSafetensors(model.weights));
  const asked = { folder, input: join(folder, "images"), dims: [IMAGES, space.channels, 36, 36] };
  return { name, asked, block, logits: await onRuntime(bytes, block, "all") };
}

/** PyTorch takes seconds to export one: relu; hard-swish with squeeze-and-excite; swish with shortcuts that pool. */
const exportedSpaces = ["pictures-64", "ofa-mbv3", "attentivenas"];

test.skipIf(withoutTorch)(
  `a child of every shipped space has the same logits in PyTorch and can be trained on; of three, what PyTorch exports agrees too${withoutTorch}`,
  async () => {
    const folder = await temporaryFolder();
    const children = await Promise.all(shippedSpaces.map((name) => writeChild(name, join(folder, name))));
    const answers = await askPytorch(
      children.map(({ name, asked }) => ({
        ...asked,
        ...(exportedSpaces.includes(name) && { onnx: join(asked.folder, "exported.onnx") }),
      })),
    );
    for (const [i, { name, logits, block, asked }] of children.entries()) {
      const answer = answers[i]!;
      expect(difference(answer.logits, logits), name).toBeLessThanOrEqual(toleranceOf(name));
      expect(answer.trained, name).toBe(true);
      if (!exportedSpaces.includes(name)) continue;
      expect(difference(answer.exported!, logits), `${name}, torch.export`).toBeLessThanOrEqual(toleranceOf(name));
      const back = await onRuntime(await readFile(join(asked.folder, "exported.onnx")), block, "all");
      expect(difference(back, logits), `${name}, torch.onnx.export`).toBeLessThanOrEqual(toleranceOf(name));
    }
  },
  900_000,
);

test.skipIf(withoutLitert)(
  `LiteRT computes the same logits by what its converter makes of the PyTorch code, for three spaces${withoutLitert}`,
  async () => {
    const folder = await temporaryFolder();
    const children = await Promise.all(exportedSpaces.map((name) => writeChild(name, join(folder, name))));
    const answers = await askPytorch(
      children.map(({ asked }) => ({ ...asked, litert: join(asked.folder, "child.tflite") })),
    );
    for (const [i, { name, logits, asked }] of children.entries()) {
      expect((await readFile(join(asked.folder, "child.tflite"))).toString("latin1", 4, 8), name).toBe("TFL3");
      expect(difference(answers[i]!.litert!, logits), name).toBeLessThanOrEqual(toleranceOf(name));
    }
  },
  900_000,
);
