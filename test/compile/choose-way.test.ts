import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Child } from "../../src/compile/child.js";
import { chooseWay } from "../../src/compile/choose-way.js";
import { lower } from "../../src/compile/lower.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { floatBlock } from "../float-block.js";

const b = graphBuilder<number>("net", 1);
const graph = b.build([b.dense("out", b.flatten("flat", b.globalAveragePool("pool", b.input)), 2)]);

/** Its first logit is the pixel times a factor, its second 0: class 0 where the pixel is positive. */
const times = (factor: number): Child => {
  const weights = new Map([
    ["out.weight", Float32Array.of(factor, 0)],
    ["out.bias", new Float32Array(2)],
  ]);
  return lower.run({ graph, weights }).child;
};

const draw = random(4, "ways");
const pixels = Float32Array.from({ length: 250 }, () => draw.normal());
const block = floatBlock({ images: pixels, count: 250, resolution: 1, channels: 1 });
const labelled = (classOf: (pixel: number) => number) => ({ ...block, labels: Array.from(pixels, classOf) });
const takenOf = (tried: Awaited<ReturnType<typeof chooseWay>>) =>
  tried.filter(({ isTaken }) => isTaken).map(({ way }) => way);

test("of ways that are equally right, the one with the nearest logits is taken", async () => {
  const ways = new Map([
    ["far", times(2)],
    ["near", times(1.1)],
    ["wrong", times(-1)],
  ]);
  const tried = await chooseWay(
    ways,
    times(1),
    labelled((pixel) => (pixel > 0 ? 0 : 1)),
  );
  expect(tried.map(({ way, correct, images }) => [way, correct, images])).toEqual([
    ["far", 250, 250],
    ["near", 250, 250],
    ["wrong", 0, 250],
  ]);
  expect(takenOf(tried)).toEqual(["near"]);
  const root = Math.sqrt(pixels.reduce((sum, pixel) => sum + pixel ** 2, 0) / 500);
  expect(tried[0]!.difference).toBeCloseTo(root, 5);
});

test("a way that is right on more images than chance explains is taken, however far its logits are", async () => {
  const ways = new Map([
    ["near", times(1.1)],
    ["right", times(-1)],
  ]);
  expect(
    takenOf(
      await chooseWay(
        ways,
        times(1),
        labelled((pixel) => (pixel > 0 ? 1 : 0)),
      ),
    ),
  ).toEqual(["right"]);
});
