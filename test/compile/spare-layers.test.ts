import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { quantizedNodesOf } from "../../src/deploy/quantized-nodes.js";
import { emit } from "../../src/compile/emit.js";
import { logitsOf } from "../../src/compile/choose-way.js";
import { layouts } from "../../src/compile/layouts.js";
import { lower } from "../../src/compile/lower.js";
import { measure } from "../../src/compile/measure.js";
import { layersOf } from "../../src/compile/places.js";
import { quantize } from "../../src/compile/quantize.js";
import { lossOf, spareLayers } from "../../src/compile/spare-layers.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { nodesOf } from "../../src/graph/graph.js";
import { verify } from "../../src/graph/verify.js";
import { floatBlock } from "../float-block.js";
import { randomWeights } from "../engine/conformance.js";

const count = 300;
const resolution = 8;

/** A net with a layer that 8 bits ruin: each channel has a weight a thousand times the others, for an input that is always 0. */
async function net(largestWeight: number) {
  const b = graphBuilder<number>("net", 2);
  const x = b.activation("relu", b.conv("first", b.input, { out: 8, kernel: 3, bias: true }), "relu");
  const branch = b.conv("ruined", b.depthwise("depthwise", x, { kernel: 3 }), { out: 8, bias: true });
  const pool = b.globalAveragePool("pool", b.add("sum", x, b.activation("swish", branch, "swish")));
  const graph = b.build([b.dense("out", b.flatten("flat", pool), 3)]);
  const weights = randomWeights(graph, random(1, "spare"));
  const depthwise = weights.get("depthwise.weight")!;
  for (let i = 3; i < depthwise.length; i += 8) depthwise[i] = 0;
  weights.get("ruined.weight")!.forEach((value, i, all) => (all[i] = i >> 3 === 3 ? 1000 : value));
  const draw = random(2, "images");
  // Each image has a brightness and a colour of its own.
  const colours = Float32Array.from({ length: 2 * count }, () => 3 * draw.normal());
  const images = Float32Array.from({ length: count * resolution ** 2 * 2 }, (_, i) => {
    const image = Math.floor(i / (2 * resolution ** 2));
    return draw.normal() + colours[2 * image + (i % 2)]!;
  });
  const block = floatBlock({ images, count, resolution, channels: 2 });
  const before = lower.run({ graph, weights }).child;
  // Without their means, so that classes are near each other: what is lost shows.
  const means = await logitsOf(before, { ...block, labels: [] });
  weights.get("out.bias")!.forEach((bias, c, all) => {
    all[c] = bias - means.reduce((sum, value, i) => sum + (i % 3 === c ? value : 0), 0) / count;
  });
  const logits = await logitsOf(before, { ...block, labels: [] });
  const labels = Array.from({ length: count }, (_, i) => {
    const own = [...logits.subarray(3 * i, 3 * i + 3)];
    return own.indexOf(Math.max(...own));
  });
  const layout = { ...layouts["x64-vnni"], largestWeight };
  const ways = quantize("min-max", layout);
  const found = await measure(ways, before, block);
  const keeping = (kept: ReadonlyMap<string, string>) => quantize("min-max", layout, kept).absorb(before, found);
  const spared = (most: number) =>
    spareLayers(ways.absorb(before, found), keeping, { before, images: { ...block, labels }, most });
  return { before, spared, keeping };
}

const keptOf = ({ notes }: { notes: readonly { verdict: string; node: string; detail: string }[] }) =>
  notes.filter(({ verdict }) => verdict === "skipped");

test("the layer that does the harm stays in float32, and nothing else does; the rest computes in whole numbers", async () => {
  const { spared } = await net(127);
  const found = await spared(3);
  expect(found.loss!.points).toBeLessThanOrEqual(3);
  expect(found.loss).toMatchObject({ images: count, most: 3 });
  const kept = keptOf(found);
  expect(kept.map(({ node }) => node)).toEqual(["ruined"]);
  expect(Number(/makes ([\d.]+) %/.exec(kept[0]!.detail)![1])).toBeGreaterThan(80);
  verify(found.child.graph, "spare");
  // What it makes is swished in float32, too: there are no whole numbers between the two.
  const quantised = nodesOf(found.child.graph, "quantize").map(({ in: { x } }) => x.name);
  expect(quantised).not.toContain("ruined");
  expect(quantised).toContain("swish");
  const nodes = await quantizedNodesOf(emit(found.child, { resolution }), "int8-x64-vnni", {
    dims: [1, 2, resolution, resolution],
    kept: 1,
  });
  expect([nodes.unfused, nodes.float["Conv"] ?? nodes.float["FusedConv"]]).toEqual([0, 1]);
  expect(nodes.quantized["QLinearConv"]).toBe(2);
});

test("where nothing is lost but what is allowed, no layer is kept; where too much is, at most half of them, and the loss says so", async () => {
  const { spared, before } = await net(127);
  const free = await spared(100);
  expect(keptOf(free)).toEqual([]);
  expect(free.loss!.points).toBeGreaterThan(3);
  const coarse = await (await net(1)).spared(0);
  expect(coarse.loss!.points).toBeGreaterThan(0);
  expect(keptOf(coarse)).toHaveLength(Math.floor(layersOf(before.graph).length / 2));
});

test("with every layer kept the child is the one before: nothing is quantised", async () => {
  const { before, keeping } = await net(127);
  const { child } = keeping(new Map(layersOf(before.graph).map((layer) => [layer, "all"])));
  expect(child.graph.nodes.map(({ op, name }) => [op, name])).toEqual(
    before.graph.nodes.map(({ op, name }) => [op, name]),
  );
});

test("a loss is that of the same images, and its spread that of the images that differ", () => {
  const before = Array.from({ length: 1000 }, (_, i) => i < 900);
  const after = before.map((right, i) => (i < 12 ? false : i >= 995 ? true : right));
  const { points, spread, images } = lossOf(before, after);
  expect([points, images]).toEqual([0.7, 1000]);
  expect(spread).toBeCloseTo((196 * Math.sqrt(17 - 0.049)) / 1000, 4);
  // Where none of 1,000 images differs, up to 3 of others may.
  // Exactly, since a limit of 0.3 allows it.
  expect(
    lossOf(
      before,
      before.map((right, i) => right && i >= 3),
    ).points,
  ).toBe(0.3);
  expect(lossOf(before, before)).toEqual({ points: 0, spread: expect.closeTo(0.3, 9) as number, images: 1000 });
});
