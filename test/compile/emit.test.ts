import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Child } from "../../src/compile/child.js";
import { emit, type EmitOptions } from "../../src/compile/emit.js";
import { lower } from "../../src/compile/lower.js";
import { opsetRow, opsets } from "../../src/compile/opsets.js";
import { pack } from "../../src/compile/numbers.js";
import { onnx } from "../../src/onnx/onnx.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { graphBuilder, type GraphBuilder } from "../../src/graph/builder.js";
import type { Value } from "../../src/graph/values.js";
import { activations, type ActivationFunction } from "../../src/graph/activations.js";
import { verify } from "../../src/graph/verify.js";
import { withSession } from "../../src/runtime/session.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";
import { randomNetChild, reference, withRandomStatistics } from "./random-net-child.js";

/** A child with the operators that `make` adds, and its values. */
function childOf(channels: number, make: (b: GraphBuilder<number>) => Value<number>): Child {
  const b = graphBuilder<number>("net", channels);
  const graph = verify(b.build([make(b)]));
  return lower.run({ graph, weights: randomWeights(graph, random("emit")) }).child;
}

const headOf = (b: GraphBuilder<number>, x: Value<number>): Value<number> =>
  b.dense("classifier", b.flatten("flatten", b.globalAveragePool("pool", x)), 3);

const small = childOf(3, (b) =>
  headOf(b, b.activation("relu6", b.conv("conv", b.input, { out: 5, kernel: 3 }), "relu6")),
);

const decoded = (child: Child, options: Partial<EmitOptions> = {}): onnx.ModelProto =>
  onnx.ModelProto.decode(emit(child, { resolution: 8, ...options }));

const graphOf = (model: onnx.ModelProto): onnx.GraphProto => onnx.GraphProto.create(model.graph!);

/** [name, dimensions]; a free dimension is given by name. */
const shapeOf = (info: onnx.IValueInfoProto): unknown => [
  info.name,
  info.type!.tensorType!.shape!.dim!.map(({ dimParam, dimValue }) => (dimParam ? dimParam : Number(dimValue))),
];

test("a file has opset 17, IR 8 and the producer's name", () => {
  const model = decoded(small, { metadata: { "nestling.version": "1.2.3" } });
  expect(Number(model.irVersion)).toBe(8);
  expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([["", 17]]);
  expect([model.producerName, model.producerVersion, graphOf(model).name]).toEqual(["nestling", "1.2.3", "net"]);
});

test("in every opset a file has the same nodes, weights and inputs; only the opset and its IR version are others", () => {
  const child = withRandomStatistics(randomNetChild(7), 7);
  const usual = decoded(child);
  for (const opset of opsets) {
    const model = decoded(child, { opset });
    expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([["", opset]]);
    expect(Number(model.irVersion)).toBe(opsetRow(opset).ir);
    model.irVersion = Number(usual.irVersion);
    model.opsetImport = usual.opsetImport;
    expect(onnx.ModelProto.encode(model).finish()).toEqual(onnx.ModelProto.encode(usual).finish());
  }
});

test("the file holds the metadata, each key once", () => {
  const metadata = { "nestling.labels": '["a","b"]', "nestling.architecture_id": "1z" };
  expect(decoded(small, { metadata }).metadataProps.map(({ key, value }) => [key, value])).toEqual(
    Object.entries(metadata),
  );
});

test("the batch size is free, or the one that was asked for", () => {
  const free = graphOf(decoded(small, { output: "logits" }));
  expect(free.input.map(shapeOf)).toEqual([["pixel_values", ["batch_size", 3, 8, 8]]]);
  expect(free.output.map(shapeOf)).toEqual([["logits", ["batch_size", 3]]]);
  const fixed = graphOf(decoded(small, { output: "logits", staticBatch: 4 }));
  expect(fixed.input.map(shapeOf)).toEqual([["pixel_values", [4, 3, 8, 8]]]);
  expect(fixed.output.map(shapeOf)).toEqual([["logits", [4, 3]]]);
});

test("a free batch size gives any number of images the same logits; a fixed one accepts only that number", async () => {
  const draw = random("batches");
  const images = Float32Array.from({ length: 4 * 3 * 64 }, () => draw.normal());
  const run = (options: Partial<EmitOptions>, count: number, from: number): Promise<Float32Array> => {
    const part = images.subarray(from * 192, (from + count) * 192);
    const block = { images: part, count, resolution: 8, channels: 3 };
    return onRuntime(emit(small, { resolution: 8, ...options }), block, "disabled");
  };
  const all = await run({}, 4, 0);
  const oneByOne = await Promise.all([0, 1, 2, 3].map((image) => run({}, 1, image)));
  oneByOne.forEach((logits, i) => logits.forEach((value, c) => expect(value).toBeCloseTo(all[i * 3 + c]!, 5)));
  expect(await run({ staticBatch: 4 }, 4, 0)).toEqual(all);
  await expect(run({ staticBatch: 4 }, 1, 0)).rejects.toThrow(/invalid dimensions|Expected: 4/i);
});

test("a file decodes to its nodes, and to weights as raw little-endian floats in ONNX's layout", () => {
  const child = childOf(2, (b) =>
    headOf(
      b,
      b.depthwise("depthwise", b.conv("conv", b.input, { out: 3, kernel: 3, stride: 2, bias: true }), { kernel: 5 }),
    ),
  );
  const bytes = emit(child, { resolution: 8 });
  const model = onnx.ModelProto.decode(bytes);
  expect(onnx.ModelProto.verify(model)).toBeNull();
  expect(Buffer.compare(onnx.ModelProto.encode(model).finish(), bytes)).toBe(0);

  const graph = graphOf(model);
  expect(graph.node.map(({ opType, input, output }) => [opType, input, output])).toEqual([
    ["Conv", ["pixel_values", "conv.weight", "conv.bias"], ["conv"]],
    ["Conv", ["conv", "depthwise.weight"], ["depthwise"]],
    ["GlobalAveragePool", ["depthwise"], ["pool"]],
    ["Flatten", ["pool"], ["flatten"]],
    ["Gemm", ["flatten", "classifier.weight", "classifier.bias"], ["classifier"]],
  ]);
  const attributes = Object.fromEntries<number | number[]>(
    graph.node[0]!.attribute!.map(({ name, ints, i }) => [name!, ints?.length ? ints.map(Number) : Number(i)]),
  );
  expect(attributes).toEqual({
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    dilations: [1, 1],
    group: 1,
  });

  const tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const floats = (name: string): { dims: number[]; at: (...index: number[]) => number } => {
    const { dims, rawData, dataType } = tensors.get(name)!;
    expect(dataType).toBe(onnx.TensorProto.DataType.FLOAT);
    const view = new DataView(rawData!.buffer, rawData!.byteOffset, rawData!.byteLength);
    const shape: number[] = dims!.map(Number);
    expect(rawData!.byteLength).toBe(4 * shape.reduce((product, size) => product * size, 1));
    return {
      dims: shape,
      at: (...index) => view.getFloat32(4 * index.reduce((flat, i, d) => flat * shape[d]! + i, 0), true),
    };
  };
  const [conv, depthwise, dense] = ["conv", "depthwise", "classifier"].map((name) => floats(`${name}.weight`)) as [
    ReturnType<typeof floats>,
    ReturnType<typeof floats>,
    ReturnType<typeof floats>,
  ];
  expect([conv.dims, depthwise.dims, dense.dims, floats("conv.bias").dims]).toEqual([
    [3, 2, 3, 3],
    [3, 1, 5, 5],
    [3, 3],
    [3],
  ]);
  const was = (name: string): Float32Array => pack(child.weights.get(name)!);
  for (let o = 0; o < 3; o++) {
    expect(floats("conv.bias").at(o)).toBe(was("conv.bias")[o]);
    for (let i = 0; i < 2; i++)
      for (let y = 0; y < 3; y++)
        for (let x = 0; x < 3; x++) expect(conv.at(o, i, y, x)).toBe(was("conv.weight")[((y * 3 + x) * 2 + i) * 3 + o]);
    for (let y = 0; y < 5; y++)
      for (let x = 0; x < 5; x++) expect(depthwise.at(o, 0, y, x)).toBe(was("depthwise.weight")[(y * 5 + x) * 3 + o]);
    for (let i = 0; i < 3; i++) expect(dense.at(o, i)).toBe(was("classifier.weight")[i * 3 + o]);
  }
});

test("in random nets, names of nodes and values are unique and every value is made before it is read", () => {
  fc.assert(
    fc.property(fc.nat(1e6), (seed) => {
      const child = withRandomStatistics(randomNetChild(seed), seed);
      const graph = graphOf(decoded(child, { output: "logits" }));
      const names = graph.node.map(({ name }) => name);
      expect(names.every(Boolean)).toBe(true);
      expect(new Set(names).size).toBe(names.length);
      const made = new Set(graph.input.map(({ name }) => name));
      for (const { name } of graph.initializer) {
        expect(made.has(name), `${name}, an initializer`).toBe(false);
        made.add(name);
      }
      for (const { input, output } of graph.node) {
        for (const name of input!) expect(made.has(name), `${name} is read before it is made`).toBe(true);
        for (const name of output!) {
          expect(made.has(name), `${name} is made twice`).toBe(false);
          made.add(name);
        }
      }
      expect(graph.output.map(({ name }) => name)).toEqual(["logits"]);
      expect(made.has("logits")).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("random nets of every operator compute what the float64 reference computes, as written and with all optimisations", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), async (seed) => {
      const net = randomNetChild(seed);
      const { block } = net;
      const child = withRandomStatistics(net, seed);
      const expected = reference(child, block);
      const bytes = emit(child, { resolution: block.resolution });
      for (const optimization of ["disabled", "all"] as const) {
        const logits = await onRuntime(bytes, block, optimization);
        const difference = largest(logits.map((x, i) => x - expected[i]!));
        expect(difference, optimization).toBeLessThanOrEqual(1e-4 * (1 + largest(expected)));
      }
    }),
    { numRuns: 100 },
  );
});

test.each(Object.keys(activations) as ActivationFunction[])(
  "%s computes its definition, also far from 0",
  async (name) => {
    const child = childOf(1, (b) => b.flatten("flatten", b.activation("function", b.input, name)));
    const images = Float32Array.from({ length: 81 }, (_, i) => (i - 40) / 4);
    const block = { images, count: 81, resolution: 1, channels: 1 };
    const expected = reference(child, block);
    const values = await onRuntime(emit(child, { resolution: 1 }), block, "disabled");
    values.forEach((value, i) => expect(value, `of ${images[i]!}`).toBeCloseTo(expected[i]!, 5));
  },
);

test("a partial pooling window divides by the number of its pixels", async () => {
  const child = childOf(1, (b) => b.flatten("flatten", b.globalAveragePool("all", b.averagePool("pool", b.input, 2))));
  // 3 × 3 ones: four windows of 4, 2, 2 and 1 pixels, each of mean 1.
  const block = { images: new Float32Array(9).fill(1), count: 1, resolution: 3, channels: 1 };
  expect([...(await onRuntime(emit(child, { resolution: 3 }), block, "disabled"))]).toEqual([1]);
});

test("several outputs keep their names", async () => {
  const b = graphBuilder<number>("net", 1);
  const flat = b.flatten("flatten", b.globalAveragePool("pool", b.input));
  const graph = b.build([b.dense("classifier", flat, 2), flat]);
  const { child } = lower.run({ graph, weights: randomWeights(graph, random(1)) });
  const bytes = emit(child, { resolution: 2, output: "logits" });
  const outputs = await withSession(bytes, {}, (session) =>
    session.run(toChannelsFirst(Float32Array.of(1, 2, 3, 6), 1, 1), [1, 1, 2, 2]),
  );
  expect([...outputs.keys()]).toEqual(["logits", "flatten"]);
  expect([...outputs.get("flatten")!]).toEqual([3]);
});

test("a parameter without values is an internal error that names it", () => {
  expect(() => emit({ ...small, weights: new Map() }, { resolution: 4 })).toThrow(
    "internal: no values for conv.weight",
  );
});
