import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Child } from "../../src/compile/child.js";
import { emit } from "../../src/compile/emit.js";
import { layouts } from "../../src/compile/layouts.js";
import { lower } from "../../src/compile/lower.js";
import { measure } from "../../src/compile/measure.js";
import { pack } from "../../src/compile/numbers.js";
import type { Step } from "../../src/compile/pass.js";
import { int8For } from "../../src/compile/precisions.js";
import { quantize } from "../../src/compile/quantize.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { splitSwish } from "../../src/compile/split-swish.js";
import { quantizedNodesOf } from "../../src/deploy/quantized-nodes.js";
import type { ActivationFunction } from "../../src/graph/activations.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { nodesOf } from "../../src/graph/graph.js";
import { onnx } from "../../src/onnx/onnx.js";
import { floatBlock, type FloatBlock } from "../float-block.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";

/** conv → relu6 → depthwise → pooled sum → pool → dense: what a relu space's children have. */
function net(change: (weights: Map<string, Float32Array>) => void = () => undefined) {
  const b = graphBuilder<number>("net", 2);
  const x = b.activation("relu6", b.conv("first", b.input, { out: 8, kernel: 3, bias: true }), "relu6");
  const branch = b.conv("second", b.depthwise("depthwise", x, { kernel: 3 }), { out: 8, bias: true });
  const pooled = b.averagePool("halved", b.add("sum", x, branch), 2);
  const graph = b.build([b.dense("out", b.flatten("flat", b.globalAveragePool("pool", pooled)), 3)]);
  const weights = randomWeights(graph, random(1, "quantize"));
  change(weights);
  const draw = random(2, "images");
  const images = Float32Array.from({ length: 40 * 8 * 8 * 2 }, () => draw.normal());
  const block = floatBlock({ images, count: 40, resolution: 8, channels: 2 });
  return { child: { graph, weights } satisfies Child<"trained">, block };
}

const quantized = async (largestWeight = 127, change?: (weights: Map<string, Float32Array>) => void) =>
  passed(net(change), [quantize("min-max", { ...layouts["x64-vnni"], largestWeight })]);

async function passed({ child, block }: { child: Child<"trained">; block: FloatBlock }, steps: readonly Step[]) {
  const done = await runPasses(child, steps, (measured, before) => measure(measured, before, block));
  return { ...done, block, wide: lower.run(child).child };
}

test("every value is quantised once, but for a conv's output that a relu reads and the logits", async () => {
  const { child } = await quantized();
  expect(nodesOf(child.graph, "quantize").map(({ in: { x } }) => x.name)).toEqual([
    "pixel_values",
    "relu6",
    "depthwise",
    "second",
    "sum",
    "halved",
    "pool",
    "flat",
  ]);
  const [pool, flat] = nodesOf(child.graph, "quantize").slice(-2);
  expect(flat!.attributes).toEqual(pool!.attributes);
});

test.each([127, 63])(
  "weights are whole numbers up to %d times their channel's scale, biases of the sum's scale",
  async (most) => {
    const { child, wide } = await quantized(most);
    const whole = (name: string) => pack(child.weights.get(name)!);
    const before = pack(wide.weights.get("first.weight")!);
    const [weight, scales, bias, biasScales] = [
      whole("first.weight"),
      whole("first.weight.scale"),
      whole("first.bias"),
      whole("first.bias.scale"),
    ];
    const input = nodesOf(child.graph, "quantize")[0]!.attributes;
    for (let c = 0; c < 8; c++) {
      const own = weight.filter((_, i) => i % 8 === c);
      expect(largest(own)).toBe(most);
      expect(biasScales[c]).toBe(Math.fround(scales[c]! * input.scale));
      const rounded = Math.abs(bias[c]! - pack(wide.weights.get("first.bias")!)[c]! / biasScales[c]!);
      expect(rounded).toBeLessThanOrEqual(0.5001);
    }
    const error = largest(weight.map((value, i) => (value * scales[i % 8]! - before[i]!) / scales[i % 8]!));
    expect(error).toBeLessThanOrEqual(0.5001);
  },
);

test("a channel whose weights are nearly nothing has a scale that its bias fits in", async () => {
  const { child } = await quantized(127, (weights) => {
    const first = weights.get("first.weight")!;
    weights.set(
      "first.weight",
      first.map((value, i) => (i % 8 === 3 ? 1e-12 * value : i % 8 === 4 ? 0 : value)),
    );
    weights.get("first.bias")!.fill(2);
  });
  const bias = pack(child.weights.get("first.bias")!);
  expect(largest(bias)).toBeLessThan(2 ** 31);
  const scales = pack(child.weights.get("first.bias.scale")!);
  for (let c = 0; c < 8; c++) expect(bias[c]! * scales[c]!).toBeCloseTo(2, 2);
});

test.each(["tensorrt", "openvino"] as const)(
  "its bias fits for %s, too, where it is float32: onnxruntime rounds it to that scale by itself",
  async (layout) => {
    const few = net((weights) => {
      for (const name of ["first.weight", "second.weight"]) {
        weights.set(
          name,
          weights.get(name)!.map((value, i) => (i % 8 === 3 ? 1e-20 * value : value)),
        );
      }
      for (const name of ["first.bias", "second.bias"]) weights.get(name)!.fill(2);
    });
    const { child, block } = await passed(few, [quantize("min-max", { ...layouts[layout], largestWeight: 63 })]);
    const bytes = emit(child, { resolution: 8, output: "logits" });
    const written = await onRuntime(bytes, block, "disabled");
    expect(off(await onRuntime(bytes, block, "all"), written)).toBeLessThan(0.02);
  },
);

test("the file keeps bytes, scales and zero points as onnxruntime fuses them, a bias without a zero point; it computes in whole numbers alone", async () => {
  // 7 bits: with 8, sums overflow on a processor without VNNI, and fused nodes are 0.0202 off on one.
  const { child, block, wide } = await quantized(63);
  const bytes = emit(child, { resolution: 8, output: "logits" });
  const { initializer, node } = onnx.GraphProto.create(onnx.ModelProto.decode(bytes).graph!);
  const { INT8, INT32 } = onnx.TensorProto.DataType;
  const typeOf = (name: string) => initializer.find((tensor) => tensor.name === name)!.dataType;
  expect([typeOf("first.weight.int8"), typeOf("first.bias.int32")]).toEqual([INT8, INT32]);
  const inputsOf = (output: string) => node.find((one) => one.output![0] === output)!.input;
  expect(inputsOf("first.bias")).toEqual(["first.bias.int32", "first.bias.scale"]);
  expect(inputsOf("first.weight")).toEqual(["first.weight.int8", "first.weight.scale", "first.weight.zero"]);
  const { quantized: whole, float, unfused } = await quantizedNodesOf(bytes, "int8-x64", { dims: [1, 2, 8, 8] });
  expect([whole, float, unfused]).toEqual([
    // The fourth is the pool.
    { QLinearConv: 4, QLinearAdd: 1, QLinearGlobalAveragePool: 1, QGemm: 1 },
    {},
    0,
  ]);
  const logits = await onRuntime(emit(wide, { resolution: 8, output: "logits" }), block, "disabled");
  const written = await onRuntime(bytes, block, "disabled");
  const fused = await onRuntime(bytes, block, "all");
  expect(off(written, logits)).toBeLessThan(0.03);
  expect(off(written, logits)).toBeGreaterThan(0);
  expect(off(fused, written)).toBeLessThan(0.02);
});

/** Largest difference, by the largest of the others. */
const off = (one: Float32Array, other: Float32Array): number =>
  largest(one.map((value, i) => value - other[i]!)) / (1 + largest(other));

/** Inputs far to both sides of where a hard-sigmoid is clipped. */
function gatedNet(activation: ActivationFunction, stride: number, resolution: number) {
  const b = graphBuilder<number>("net", 2);
  const x = b.activation("act", b.conv("conv", b.input, { out: 8, kernel: 3, bias: true }), activation);
  const gate = b.activation("gate", b.conv("se", b.globalAveragePool("pool", x), { out: 8 }), "hard-sigmoid");
  const pooled = b.averagePool("pooled", b.multiply("gated", x, gate), stride);
  const graph = b.build([b.dense("out", b.flatten("flat", b.globalAveragePool("last", pooled)), 3)]);
  const draw = random(4, "images");
  const images = Float32Array.from({ length: 20 * resolution ** 2 * 2 }, () => 6 * draw.normal());
  const block = floatBlock({ images, count: 20, resolution, channels: 2 });
  return { child: { graph, weights: randomWeights(graph, random(5, "gated")) } satisfies Child<"trained">, block };
}

test.each(["x64", "web", "arm"] as const)(
  "in layout %s swish, hard-swish and gates compute in whole numbers alone, clipped where they must be",
  async (name) => {
    // 7 bits, since sums of 8 overflow on a processor without VNNI.
    const layout = { ...layouts[name], largestWeight: 63 };
    for (const activation of ["swish", "hard-swish"] as const) {
      const { child, block, wide } = await passed(gatedNet(activation, 2, 8), [
        splitSwish,
        quantize("min-max", layout),
      ]);
      const bytes = emit(child, { resolution: 8, output: "logits" });
      const { float, unfused, moved } = await quantizedNodesOf(bytes, int8For(name), { dims: [1, 2, 8, 8] });
      expect([activation, float, unfused]).toEqual([activation, {}, 0]);
      // Its one QuantizeLinear is the input's: nothing is dequantised in between.
      expect([moved["QuantizeLinear"], moved["DequantizeLinear"]]).toEqual([1, undefined]);
      const logits = await onRuntime(emit(wide, { resolution: 8, output: "logits" }), block, "disabled");
      const written = await onRuntime(bytes, block, "disabled");
      expect(off(written, logits)).toBeLessThan(0.03);
      expect(off(await onRuntime(bytes, block, "all"), written)).toBeLessThan(0.02);
    }
  },
);

test.each([
  [2, 8, "Conv"],
  [2, 7, "AveragePool"],
  [4, 8, "AveragePool"],
])(
  "a pool of stride %d over %d pixels is a %s on x64, with the pool's numbers",
  async (stride, resolution, operator) => {
    const [byConvolution, byPool] = await Promise.all(
      ([true, false] as const).map(async (poolsByConvolution) => {
        const layout = { ...layouts.x64, poolsByConvolution };
        const { child, block } = await passed(gatedNet("relu", stride, resolution), [quantize("min-max", layout)]);
        const bytes = emit(child, { resolution, output: "logits" });
        const { node } = onnx.GraphProto.create(onnx.ModelProto.decode(bytes).graph!);
        const made = node.find(({ output }) => output![0] === "pooled")!.opType;
        return { made, logits: await onRuntime(bytes, block, "disabled") };
      }),
    );
    expect([byConvolution!.made, byPool!.made]).toEqual([operator, "AveragePool"]);
    expect(off(byConvolution!.logits, byPool!.logits)).toBeLessThan(1e-6);
  },
);

test("a file that does not fuse is found out: a conv before a swish that nothing quantises between", async () => {
  const b = graphBuilder<number>("net", 2);
  const graph = b.build([b.activation("swish", b.conv("conv", b.input, { out: 4, kernel: 3 }), "swish")]);
  const child = lower.run({ graph, weights: randomWeights(graph, random(3, "float")) }).child;
  const { unfused, float } = await quantizedNodesOf(emit(child, { resolution: 6 }), "int8-x64", { dims: [1, 2, 6, 6] });
  expect(unfused).toBe(1);
  expect(Object.keys(float).some((operator) => operator.includes("Conv"))).toBe(true);
});
