import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Child } from "../../src/compile/child.js";
import { emit } from "../../src/compile/emit.js";
import { layouts } from "../../src/compile/layouts.js";
import { lower } from "../../src/compile/lower.js";
import { measure } from "../../src/compile/measure.js";
import { pack } from "../../src/compile/numbers.js";
import { quantize } from "../../src/compile/quantize.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { quantizedNodesOf } from "../../src/deploy/quantized-nodes.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { nodesOf } from "../../src/graph/graph.js";
import { onnx } from "../../src/onnx/onnx.js";
import { floatBlock } from "../float-block.js";
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

const quantized = async (largestWeight = 127, change?: (weights: Map<string, Float32Array>) => void) => {
  const { child, block } = net(change);
  const passed = await runPasses(
    child,
    [quantize("min-max", { ...layouts["x64-vnni"], largestWeight })],
    (measured, before) => measure(measured, before, block, 1),
  );
  return { ...passed, block, wide: lower.run(child).child };
};

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
    { QLinearConv: 3, QLinearAdd: 1, QLinearAveragePool: 1, QLinearGlobalAveragePool: 1, QGemm: 1 },
    {},
    0,
  ]);
  const logits = await onRuntime(emit(wide, { resolution: 8, output: "logits" }), block, "disabled");
  const written = await onRuntime(bytes, block, "disabled");
  const fused = await onRuntime(bytes, block, "all");
  const off = (one: Float32Array, other: Float32Array) =>
    largest(one.map((value, i) => value - other[i]!)) / (1 + largest(other));
  expect(off(written, logits)).toBeLessThan(0.03);
  expect(off(written, logits)).toBeGreaterThan(0);
  expect(off(fused, written)).toBeLessThan(0.02);
});

test("a file that does not fuse is found out: a conv before a swish that nothing quantises between", async () => {
  const b = graphBuilder<number>("net", 2);
  const graph = b.build([b.activation("swish", b.conv("conv", b.input, { out: 4, kernel: 3 }), "swish")]);
  const child = lower.run({ graph, weights: randomWeights(graph, random(3, "float")) }).child;
  const { unfused, float } = await quantizedNodesOf(emit(child, { resolution: 6 }), "int8-x64", { dims: [1, 2, 6, 6] });
  expect(unfused).toBe(1);
  expect(Object.keys(float).some((operator) => operator.includes("Conv"))).toBe(true);
});
