/**
 * Each layout's rules, read off the files of random children. TensorRT's are those of its guide: symmetric activations with signs; all inputs of
 * layers quantised and no layer's output; the residual side of a sum quantised, and nothing between a layer and the sum that it joins.
 */
import { expect, test } from "vitest";
import { emit } from "../../src/compile/emit.js";
import { layoutNames, layouts } from "../../src/compile/layouts.js";
import { int8For, isInt8, int8LayoutOf, precisionNames } from "../../src/compile/precisions.js";
import { nodesOf } from "../../src/graph/graph.js";
import { onnx } from "../../src/onnx/onnx.js";
import { quantizedChildren } from "./quantized-child.js";

/** relu with sums and poolings; swish with squeeze-and-excite. */
const spaces = ["fashion", "fixtures/spaces/tiny.json"];
const CHILDREN = 4;
const { INT8, UINT8, INT32, FLOAT } = onnx.TensorProto.DataType;

/** A file's nodes by what they make and read, and its initializers. */
function fileOf(bytes: Uint8Array) {
  const { node, initializer } = onnx.GraphProto.create(onnx.ModelProto.decode(bytes).graph!);
  const nodes = node.map((one) => onnx.NodeProto.create(one));
  const tensors = new Map(initializer.map((tensor) => [tensor.name!, onnx.TensorProto.create(tensor)]));
  const makerOf = (name: string) => nodes.find(({ output }) => output.includes(name));
  const readersOf = (name: string) => nodes.filter(({ input }) => input.includes(name));
  const made = (name: string): string => makerOf(name)?.opType ?? (tensors.has(name) ? "initializer" : "input");
  return { nodes, tensors, makerOf, readersOf, made };
}

const filesOf = async (layout: (typeof layoutNames)[number]) => {
  const children = (
    await Promise.all(spaces.map((space) => quantizedChildren(space, int8For(layout), CHILDREN)))
  ).flat();
  return children.map(({ name, child, resolution }) => ({ name, child, ...fileOf(emit(child, { resolution })) }));
};
const isLayer = ({ opType }: { opType?: string | null }): boolean => opType === "Conv" || opType === "Gemm";

test("there is a precision for each layout, and each layout says why it is so", () => {
  expect(precisionNames.filter(isInt8)).toEqual(layoutNames.map(int8For));
  for (const name of layoutNames) expect(int8LayoutOf(int8For(name))).toEqual({ name, ...layouts[name] });
  for (const { says, because } of Object.values(layouts))
    expect([says, because].every((text) => text.length > 40)).toBe(true);
});

test.each(layoutNames)("files for %s have its whole numbers: activations, weights, biases", async (layout) => {
  const { activations, largestWeight, biases, poolsByConvolution } = layouts[layout];
  const wanted = activations.type === "int8" ? INT8 : UINT8;
  for (const { name, child, nodes, tensors } of await filesOf(layout)) {
    for (const { attributes } of nodesOf(child.graph, "quantize")) {
      expect([name, attributes.type]).toEqual([name, activations.type]);
      if (activations.isSymmetric) expect(attributes).toMatchObject({ zeroPoint: 0, scale: Math.fround(5 / 127) });
      // From −3 to 5, 0 lies at 3 / 8 of the 256 numbers; from 0 to 5 it is their first.
      else expect([0, 96]).toContain(attributes.zeroPoint - (activations.type === "int8" ? -128 : 0));
    }
    for (const { input } of nodes.filter(({ opType }) => opType === "QuantizeLinear")) {
      expect(tensors.get(input[2]!)!.dataType).toBe(wanted);
    }
    const pools = [...tensors.keys()].filter((of) => of.endsWith(".ones"));
    const weights = [...tensors.values()].filter(({ name: of }) => /weight\.int8$/.test(of));
    expect(weights).toHaveLength(nodes.filter(isLayer).length - pools.length);
    for (const { dims, rawData } of weights) {
      const whole = new Int8Array(Uint8Array.from(rawData));
      const largest = whole.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBe(largestWeight);
      expect(Number(dims[0])).toBeGreaterThan(0);
    }
    // A mean of 2 × 2 pixels has weights of 0 and 1/4, which are exact.
    expect([name, pools.length > 0]).toEqual([name, poolsByConvolution]);
    for (const { name: of, input } of nodes.filter(isLayer)) {
      if (!input[2]) continue;
      const stored = tensors.get(biases === "float32" ? input[2] : `${input[2]}.int32`);
      expect([of, stored?.dataType]).toEqual([of, biases === "float32" ? FLOAT : INT32]);
    }
  }
});

test.each(["tensorrt", "openvino"] as const)("files for %s quantise where the runtime fuses", async (layout) => {
  let [sums, swishes] = [0, 0];
  for (const { name, nodes, tensors, makerOf, readersOf, made } of await filesOf(layout)) {
    for (const node of nodes) {
      const from = node.input.map(made);
      const place = `${name}: ${node.name}`;
      if (isLayer(node)) {
        expect([place, from.slice(0, 2)]).toEqual([place, ["DequantizeLinear", "DequantizeLinear"]]);
        // One scale for each output channel.
        const [whole, scales] = makerOf(node.input[1]!)!.input.map((input) => tensors.get(input)!);
        expect([place, scales!.dims.map(Number)]).toEqual([place, [Number(whole!.dims[0])]]);
      }
      if (node.opType === "DequantizeLinear" && from[0] === "QuantizeLinear") {
        // Nothing else reads 8 bits: an activation fuses with its layer, whose output therefore stays as it is.
        const readers = readersOf(node.output[0]!).map(({ opType }) => opType);
        const others = readers.filter((reader) => !/^(Conv|Gemm|Add|AveragePool|GlobalAveragePool)$/.test(reader));
        expect([place, others, readers.length > 0]).toEqual([place, [], true]);
      }
      if (node.opType === "Add") {
        sums++;
        // The residual side is quantised; the other comes straight from its layer.
        expect([place, from]).toEqual([place, ["DequantizeLinear", "Conv"]]);
        expect([place, readersOf(node.input[1]!).length]).toEqual([place, 1]);
      }
      if (/Pool/.test(node.opType)) expect([place, from]).toEqual([place, ["DequantizeLinear"]]);
      if (/Sigmoid|Relu|Clip|Mul/.test(node.opType)) {
        swishes += node.opType === "Sigmoid" ? 1 : 0;
        expect([place, from.includes("DequantizeLinear")]).toEqual([place, false]);
      }
    }
    expect(made(nodes.at(-1)!.output[0]!)).toBe("Gemm");
  }
  expect([sums > 20, swishes > 10]).toEqual([true, true]);
});
