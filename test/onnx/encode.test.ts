import fc from "fast-check";
import { expect, test } from "vitest";
import { emit } from "../../src/compile/emit.js";
import { onnx } from "../../src/onnx/onnx.js";
import { encodeModel, type Tensor } from "../../src/onnx/encode.js";
import { randomNetChild, withRandomStatistics } from "../compile/random-net-child.js";

const numbers = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i));
/** Handed over in two unequal blocks. */
const tensor = (name: string, dims: number[]): Tensor => ({
  name,
  type: "float32",
  dims,
  forEachBlock(use) {
    const length = dims.reduce((product, size) => product * size, 1);
    use(numbers.subarray(0, length >> 2));
    use(numbers.subarray(length >> 2, length));
  },
});

const model: onnx.IModelProto = {
  irVersion: 8,
  producerName: "who",
  graph: { name: "net", node: [{ opType: "Relu", name: "n", input: ["x"], output: ["y"] }], output: [{ name: "y" }] },
  opsetImport: [{ domain: "", version: 17 }],
  metadataProps: [{ key: "k", value: "v".repeat(300) }],
};

/** As protobufjs alone encodes it. */
function encodedByProtobufjs(tensors: readonly Tensor[]): Uint8Array {
  const initializer = tensors.map(({ name, dims, forEachBlock }) => {
    const all: number[] = [];
    forEachBlock((block) => all.push(...block));
    const rawData = new Uint8Array(Float32Array.from(all).buffer);
    return { name, dims: [...dims], dataType: onnx.TensorProto.DataType.FLOAT, rawData };
  });
  return onnx.ModelProto.encode({ ...model, graph: { ...model.graph, initializer } }).finish();
}

/** Lengths of one, two and three bytes; a scalar; nothing at all. */
const cases: Record<string, Tensor[]> = {
  "no tensor": [],
  "a scalar": [tensor("s", [])],
  "an empty one": [tensor("e", [0, 3])],
  "small ones": [tensor("a", [3]), tensor("b", [31])],
  "longer ones": [tensor("a", [32]), tensor("b", [2, 300]), tensor("c".repeat(200), [4, 4])],
};

test.each(Object.entries(cases))("the bytes are protobufjs's: %s", (_, tensors) => {
  expect(Buffer.compare(encodeModel(model, tensors), encodedByProtobufjs(tensors))).toBe(0);
});

test("so they are for random nets: what is decoded and encoded again by protobufjs is the same file", () => {
  fc.assert(
    fc.property(fc.nat(1e6), (seed) => {
      const net = randomNetChild(seed);
      const metadata = { "nestling.version": "1.2.3" };
      const bytes = emit(withRandomStatistics(net, seed), {
        resolution: net.block.resolution,
        output: "logits",
        metadata,
      });
      const decoded = onnx.ModelProto.decode(bytes);
      expect(onnx.ModelProto.verify(decoded)).toBeNull();
      expect(Buffer.compare(onnx.ModelProto.encode(decoded).finish(), bytes)).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test("a tensor with other numbers than its shape says, and a malformed model, are our own mistakes", () => {
  const short: Tensor = { ...tensor("w", [5]), forEachBlock: (use) => use(numbers.subarray(0, 4)) };
  expect(() => encodeModel(model, [short])).toThrow("internal: w has other numbers than its shape says");
  const malformed = { ...model, producerName: 3 as unknown as string };
  expect(() => encodeModel(malformed, [])).toThrow("internal: the ONNX model is malformed: producerName");
});
