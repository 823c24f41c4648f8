import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Child } from "../../src/compile/child.js";
import { slicedChild } from "../../src/compile/children.js";
import { emit } from "../../src/compile/emit.js";
import { lower } from "../../src/compile/lower.js";
import { measure } from "../../src/compile/measure.js";
import { recalibration } from "../../src/compile/recalibration.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { nodesOf } from "../../src/graph/graph.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { withSession } from "../../src/runtime/session.js";
import { idOf, sample } from "../../src/space/space.js";
import { floatBlock, type FloatBlock, type Floats } from "../float-block.js";
import { momentsOf } from "../engine/reference.js";
import { tinySupernets } from "../supernet/tiny-spaces.js";
import { randomSupernet } from "./random-children.js";
import { randomNetChild, reference, upTo } from "./random-net-child.js";

const b = graphBuilder<number>("net", 2);
const small = b.build([b.activation("relu", b.batchNorm("norm", b.input), "relu")]);
const weights = new Map([
  ["norm.gamma", Float32Array.of(1, 2)],
  ["norm.beta", Float32Array.of(3, 4)],
]);
const lowered = lower.run({ graph: small, weights }).child;
const mean = Float32Array.of(5, 6);
const variance = Float32Array.of(7, 8);

test("an observed graph outputs its moments instead of its outputs", () => {
  expect(print(lowered.graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2, %2:2 = moments(%0)
      %3:2 = batchNorm(%0, norm.gamma[2], norm.beta[2], %1, %2) epsilon=0.00001
      %4:2 = activation(%3) function=relu
      return %4:2"
  `);
  const observed = verify(recalibration.observe(lowered.graph));
  expect(print(observed)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2, %2:2 = moments(%0)
      %3:2 = batchNorm(%0, norm.gamma[2], norm.beta[2], %1, %2) epsilon=0.00001
      %4:2 = activation(%3) function=relu
      return %1:2, %2:2"
  `);
  expect(observed.outputs.map(({ name }) => name)).toEqual(["norm.mean", "norm.variance"]);
});

test("an observed graph without batch norm has no outputs", () => {
  const plain = graphBuilder<number>("net", 1);
  const graph = plain.build([plain.conv("conv", plain.input, { out: 4 })]);
  expect(recalibration.observe(lower.run({ graph, weights: new Map() }).child.graph)).toMatchObject({
    nodes: graph.nodes,
    outputs: [],
  });
});

test("absorbed statistics become parameters of the batch norm and replace its moments", () => {
  const statistics = new Map([
    ["norm.mean", mean],
    ["norm.variance", variance],
  ]);
  const { child, notes } = recalibration.absorb(lowered, statistics);
  expect(print(verify(child.graph))).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2 = batchNorm(%0, norm.gamma[2], norm.beta[2], norm.mean[2], norm.variance[2]) epsilon=0.00001
      %2:2 = activation(%1) function=relu
      return %2:2"
  `);
  expect(child.weights).toEqual(new Map([...weights, ...statistics]));
  expect(notes).toEqual([{ node: "norm.moments", verdict: "rewrote", detail: "measured" }]);
  // The input is unchanged.
  expect([...weights.keys()]).toEqual(["norm.gamma", "norm.beta"]);
});

test("missing statistics are an internal error that names them", () => {
  expect(() => recalibration.absorb(lowered, new Map([["norm.mean", mean]]))).toThrow(
    "internal: no statistics norm.variance",
  );
});

test("on onnxruntime the moments are float64 mean and biased variance of what each batch norm reads, over random nets", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), async (seed) => {
      const net = randomNetChild(seed);
      const { child } = lower.run(net.child);
      const { images, count, resolution, channels } = net.block;
      const bytes = emit({ ...child, graph: recalibration.observe(child.graph) }, { resolution });
      const measured = await withSession(bytes, { threads: 1, optimization: "disabled" }, (session) =>
        session.run(toChannelsFirst(images, count, channels), [count, channels, resolution, resolution]),
      );
      const norms = nodesOf(child.graph, "batchNorm");
      expect(measured.size).toBe(2 * norms.length);
      for (const { in: inputs } of norms) {
        const { x } = inputs;
        const read =
          x.name === child.graph.input.name
            ? Float64Array.from(images)
            : reference({ ...child, graph: upTo(child.graph, x.name) }, net.block);
        const expected = momentsOf(read, x.channels);
        for (const key of ["mean", "variance"] as const) {
          expected[key].forEach((value, c) => {
            const off = Math.abs(measured.get(inputs[key].name)![c]! - value);
            expect(off, `${inputs[key].name}[${c}]`).toBeLessThanOrEqual(2e-3 * (1 + Math.abs(value)));
          });
        }
      }
    }),
    { numRuns: 100 },
  );
});

/** A small child, and images whose mean and spread drift, so that their batches differ. */
function caseOf(seed: number, count: number): { child: Child; block: FloatBlock; id: string } {
  const { space } = tinySupernets[seed % tinySupernets.length]!;
  const { supernet, weights } = randomSupernet(space, seed);
  const architecture = { ...sample(space, random(seed)), resolution: space.resolutions[0]! };
  const { resolution } = architecture;
  const { channels } = space;
  const floats = resolution ** 2 * channels;
  const draw = random(seed, "images");
  const images = Float32Array.from({ length: count * floats }, (_, i) => {
    const drift = i / (count * floats);
    return draw.normal() * (0.5 + drift) + 3 * drift;
  });
  const { child } = lower.run(slicedChild(supernet, weights, architecture));
  return { child, block: floatBlock({ images, count, resolution, channels }), id: idOf(space, architecture) };
}

/** Each batch norm's input over all images, in float64; the batch norms before it normalise batch by batch. */
function readBy(child: Child, x: string, { images, count, resolution, channels }: Floats, sizes: number[]) {
  const floats = resolution ** 2 * channels;
  const graph = upTo(child.graph, x);
  let from = 0;
  const parts = sizes.map((size) => {
    const part = images.subarray(from * floats, (from + size) * floats);
    from += size;
    return reference({ graph, weights: child.weights }, { images: part, count: size, resolution, channels });
  });
  expect(from).toBe(count);
  return parts.map((part) => [...part]).flat();
}

/** [images, the batches they are split into] */
const cuts: [number, number[]][] = [
  [7, [7]],
  [100, [100]],
  [101, [50, 51]],
  [250, [83, 83, 84]],
];

for (const [count, sizes] of cuts) {
  test(`statistics over ${count} images are the float64 mean and variance over all of them, none left out`, async () => {
    for (const seed of [0, 1]) {
      const { child, block, id } = caseOf(seed, count);
      const statistics = await measure(recalibration, child, block);
      const norms = nodesOf(child.graph, "batchNorm");
      expect(statistics.size).toBe(2 * norms.length);
      for (const norm of norms) {
        const { x } = norm.in;
        const { mean, variance } = momentsOf(Float64Array.from(readBy(child, x.name, block, sizes)), x.channels);
        const names = { mean: norm.in.mean.name, variance: norm.in.variance.name };
        const scale = 1 + Math.max(...variance);
        for (const [name, expected] of [[names.mean, mean] as const, [names.variance, variance] as const]) {
          expected.forEach((value, c) => {
            const off = Math.abs(statistics.get(name)![c]! - value);
            expect(off, `seed ${seed}, architecture ${id}: ${name}[${c}]`).toBeLessThanOrEqual(1e-4 * scale);
          });
        }
      }
    }
  });
}

test("without the variance between batches the first statistics would be wrong by more than a tenth", async () => {
  const { child, block } = caseOf(0, 250);
  const norm = nodesOf(child.graph, "batchNorm")[0]!;
  const { x } = norm.in;
  const C = x.channels;
  const read = readBy(child, x.name, block, [83, 83, 84]);
  const perImage = read.length / 250;
  const within = [
    [0, 83],
    [83, 166],
    [166, 250],
  ].map(([from, to]) => momentsOf(Float64Array.from(read.slice(from! * perImage, to! * perImage)), C).variance);
  const measured = (await measure(recalibration, child, block)).get(norm.in.variance.name)!;
  const share = Array.from(
    measured,
    (value, c) => (83 * within[0]![c]! + 83 * within[1]![c]! + 84 * within[2]![c]!) / 250 / value,
  );
  expect(Math.min(...share)).toBeLessThan(0.9);
  expect(Math.max(...share)).toBeLessThanOrEqual(1 + 1e-4);
});

test("the same images give the same statistics, bit for bit", async () => {
  const { child, block } = caseOf(1, 101);
  expect(await measure(recalibration, child, block)).toEqual(await measure(recalibration, child, block));
});
