import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Child } from "../../src/compile/child.js";
import { emit } from "../../src/compile/emit.js";
import { halfPrecision, largestMeasured } from "../../src/compile/half-precision.js";
import { keptInFloat32 } from "../../src/compile/kept-in-float32.js";
import { lower } from "../../src/compile/lower.js";
import { measure } from "../../src/compile/measure.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { print } from "../../src/graph/print.js";
import { valuesOutOf } from "../../src/graph/graph.js";
import { onnx } from "../../src/onnx/onnx.js";
import { floatBlock } from "../float-block.js";
import { randomWeights } from "../engine/conformance.js";
import { largest, onRuntime } from "./contract.js";

/** conv → relu6 → conv → relu → pool → dense, the second conv with weights so many times as large. */
function childOf(factor: number): { child: Child<"trained">; block: ReturnType<typeof floatBlock> } {
  const b = graphBuilder<number>("net", 2);
  const first = b.activation("relu6", b.conv("first", b.input, { out: 4, kernel: 3 }), "relu6");
  const second = b.activation("relu", b.conv("second", first, { out: 4, bias: true }), "relu");
  const graph = b.build([b.dense("out", b.flatten("flat", b.globalAveragePool("pool", second)), 3)]);
  const weights = randomWeights(graph, random(1, "half"));
  for (const [name, values] of weights) {
    if (name.startsWith("second."))
      weights.set(
        name,
        values.map((value) => factor * value),
      );
    if (name === "out.weight")
      weights.set(
        name,
        values.map((value) => value / factor),
      );
  }
  const draw = random(2, "images");
  const images = Float32Array.from({ length: 5 * 6 * 6 * 2 }, () => draw.normal());
  return { child: { graph, weights }, block: floatBlock({ images, count: 5, resolution: 6, channels: 2 }) };
}

const halved = async (factor: number) => {
  const { child, block } = childOf(factor);
  const passed = await runPasses(child, [halfPrecision], (measured, before) => measure(measured, before, block));
  return { ...passed, block, wide: lower.run(child).child };
};

test("all nodes compute in float16, between a cast at the input and one at the output", async () => {
  const { child, report, wide } = await halved(1);
  expect(print(wide.graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:4 = conv(%0, first.weight[3×3×2×4]) kernel=3
      %2:4 = activation(%1) function=relu6
      %3:4 = conv(%2, second.weight[1×1×4×4], second.bias[4])
      %4:4 = activation(%3) function=relu
      %5:4 = globalAveragePool(%4)
      %6:4 = flatten(%5)
      %7:3 = dense(%6, out.weight[4×3], out.bias[3]) units=3
      return %7:3"
  `);
  expect(print(child.graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2:float16 = cast(%0)
      %2:4:float16 = conv(%1, first.weight[3×3×2×4]) kernel=3
      %3:4:float16 = activation(%2) function=relu6
      %4:4:float16 = conv(%3, second.weight[1×1×4×4], second.bias[4])
      %5:4:float16 = activation(%4) function=relu
      %6:4:float16 = globalAveragePool(%5)
      %7:4:float16 = flatten(%6)
      %8:3:float16 = dense(%7, out.weight[4×3], out.bias[3]) units=3
      %9:3 = cast(%8)
      return %9:3"
  `);
  expect(keptInFloat32(report)).toEqual([]);
});

test("nodes that make or read a value out of range stay in float32, with their weights", async () => {
  const { child, report } = await halved(5e4);
  expect(print(child.graph)).toMatchInlineSnapshot(`
    "net(%0:2)
      %1:2:float16 = cast(%0)
      %2:4:float16 = conv(%1, first.weight[3×3×2×4]) kernel=3
      %3:4:float16 = activation(%2) function=relu6
      %4:4 = cast(%3)
      %5:4 = conv(%4, second.weight[1×1×4×4], second.bias[4])
      %6:4 = activation(%5) function=relu
      %7:4 = globalAveragePool(%6)
      %8:4:float16 = cast(%7)
      %9:4:float16 = flatten(%8)
      %10:3:float16 = dense(%9, out.weight[4×3], out.bias[3]) units=3
      %11:3 = cast(%10)
      return %11:3"
  `);
  expect(keptInFloat32(report)).toMatchInlineSnapshot(`
    [
      {
        "node": "second",
        "why": "its value second reaches 1.38e+5",
      },
      {
        "node": "relu",
        "why": "its value second reaches 1.38e+5",
      },
      {
        "node": "pool",
        "why": "its value relu reaches 1.04e+5",
      },
    ]
  `);
  const { initializer } = onnx.GraphProto.create(onnx.ModelProto.decode(emit(child, { resolution: 6 })).graph!);
  const { FLOAT, FLOAT16 } = onnx.TensorProto.DataType;
  const types = new Map(initializer.map(({ name, dataType }) => [name, dataType]));
  expect([types.get("first.weight"), types.get("second.weight"), types.get("out.weight")]).toEqual([
    FLOAT16,
    FLOAT,
    FLOAT16,
  ]);
});

test("a weight out of range keeps its node in float32, though its values are in range", () => {
  const { child } = childOf(1);
  const before = lower.run({ ...child, weights: new Map(child.weights).set("out.bias", Float32Array.of(0, 7e4, 0)) });
  const values = before.child.graph.nodes.flatMap((node) => valuesOutOf(node));
  const found = new Map(values.map(({ name }) => [name, Float32Array.of(1)]));
  const { notes } = halfPrecision.absorb(before.child, found);
  expect(notes.filter(({ verdict }) => verdict === "skipped")).toEqual([
    { node: "out", verdict: "skipped", detail: "its parameter out.bias reaches 7.00e+4" },
  ]);
});

test("what is measured is each value's largest magnitude over all batches, and no number counts as too large", () => {
  const { child } = childOf(1);
  const { graph, weights } = lower.run(child).child;
  const ends = (low: number, high: number) => ({
    count: 1,
    outputs: new Map(
      graph.nodes
        .flatMap((node) => valuesOutOf(node))
        .flatMap(({ name }) => [
          [`${name}.smallest`, Float32Array.of(low, 0)] as const,
          [`${name}.largest`, Float32Array.of(0, high)] as const,
        ]),
    ),
  });
  expect(halfPrecision.conclude(graph, [ends(-3, 1), ends(-1, 2)]).get("first")![0]).toBe(3);
  const found = new Map(halfPrecision.conclude(graph, [ends(-1, 1)])).set("relu", Float32Array.of(NaN));
  const { notes } = halfPrecision.absorb({ graph, weights }, found);
  expect(notes.filter(({ verdict }) => verdict === "skipped").map(({ node }) => node)).toEqual(["relu", "pool"]);
  const edge = new Map(found).set("relu", Float32Array.of(largestMeasured));
  expect(halfPrecision.absorb({ graph, weights }, edge).notes.every(({ verdict }) => verdict === "rewrote")).toBe(true);
});

test.each([1, 5e4])("the halves compute nearly what float32 does, weights times %d", async (factor) => {
  const { child, block, wide } = await halved(factor);
  const logits = await onRuntime(emit(wide, { resolution: 6, output: "logits" }), block, "disabled");
  const halves = await onRuntime(emit(child, { resolution: 6, output: "logits" }), block, "disabled");
  const difference = largest(logits.map((value, i) => value - halves[i]!)) / (1 + largest(logits));
  expect(difference).toBeLessThan(3e-3);
  expect(difference).toBeGreaterThan(0);
});
