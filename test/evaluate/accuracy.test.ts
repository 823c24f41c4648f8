import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { accuracyOf, accuracySoFar, compareModels, measureAccuracy } from "../../src/evaluate/accuracy.js";
import { anchor } from "../../src/evaluate/anchor.js";
import { localTarget } from "../../src/target/local.js";
import { mockTarget } from "../../src/target/mock.js";
import { withModel } from "../../src/target/target.js";
import { floatBlock } from "../float-block.js";

/** Random images, three channels deep and one pixel wide: on the mock they are their own logits. */
function pixels(count: number, seed = 0) {
  const draw = random(seed, "pixels");
  const images = Float32Array.from({ length: count * 3 }, () => draw.normal());
  const labels = Array.from({ length: count }, () => draw.integer(3));
  return { ...floatBlock({ images, count, resolution: 1, channels: 3 }), labels };
}

const target = mockTarget({
  msOf: () => 1,
  // A model of bytes [k, …] adds k to every logit of the last class.
  outputsOf: (input, _, [shift]) => new Map([["logits", input.map((x, i) => (i % 3 === 2 ? x + shift! : x))]]),
});

test("accuracy is the share of images whose largest logit is their label's, batch by batch", async () => {
  const data = pixels(300);
  const hits = Array.from({ length: data.count }, (_, i) => {
    const logits = [...data.images.subarray(3 * i, 3 * i + 3)];
    return logits.indexOf(Math.max(...logits)) === data.labels[i] ? 1 : 0;
  });
  const right = (count: number): number => hits.slice(0, count).reduce<number>((sum, hit) => sum + hit, 0);
  await withModel(target, Uint8Array.of(0), async (model) => {
    expect(await measureAccuracy(model, data)).toEqual(accuracyOf(right(300), 300));
    const soFar = [];
    for await (const accuracy of accuracySoFar(model, data)) soFar.push(accuracy);
    expect(soFar).toEqual([128, 256, 300].map((count) => accuracyOf(right(count), count)));
  });
  expect(target.loaded).toBe(0);
});

test("two models: the largest difference and logit, and the share of images with the same top-1", async () => {
  const data = pixels(200);
  const compare = (shift: number) =>
    withModel(target, Uint8Array.of(0), (one) =>
      withModel(target, Uint8Array.of(shift), (other) => compareModels(one, other, data)),
    );
  const maxLogit = Math.max(...data.images.map(Math.abs));
  expect(await compare(0)).toEqual({ maxDifference: 0, maxLogit, sameTopOne: 1 });
  const shifted = await compare(2);
  expect(shifted.maxDifference).toBeCloseTo(2, 6);
  const lastIsTop = (i: number, shift: number): boolean => {
    const [a, b, c] = data.images.subarray(3 * i, 3 * i + 3);
    return c! + shift > Math.max(a!, b!);
  };
  const same = Array.from({ length: 200 }, (_, i) => lastIsTop(i, 0) === lastIsTop(i, 2)).filter(Boolean).length;
  expect(shifted.sameTopOne).toBe(same / 200);
  expect(same).toBeLessThan(200);
});

test("an .onnx file's bytes are judged on this machine, as counting image by image by hand gives", async () => {
  const { bytes } = anchor();
  const draw = random("images");
  const [count, resolution] = [150, 28];
  const images = Float32Array.from({ length: count * resolution ** 2 }, () => draw.normal());
  const session = await ort.InferenceSession.create(bytes);
  const tops: number[] = [];
  for (let i = 0; i < count; i++) {
    const image = images.slice(i * resolution ** 2, (i + 1) * resolution ** 2);
    const { logits } = await session.run({
      pixel_values: new ort.Tensor("float32", image, [1, 1, resolution, resolution]),
    });
    const values = [...(logits!.data as Float32Array)];
    tops.push(values.indexOf(Math.max(...values)));
  }
  await session.release();
  // Every third label is another than the model's answer.
  const labels = tops.map((top, i) => (i % 3 === 0 ? (top + 1) % 10 : top));
  const data = { ...floatBlock({ images, count, resolution, channels: 1 }), labels };
  expect(await measureAccuracy(bytes, data)).toEqual(accuracyOf(100, 150));
  const target = localTarget();
  expect(await withModel(target, bytes, (model) => measureAccuracy(model, data))).toEqual(accuracyOf(100, 150));
});
