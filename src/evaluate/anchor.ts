/**
 * The anchor: one small fixed model that is timed in every round beside the candidates. What changes its time is the machine, so
 * dividing by it takes the machine's drift out of theirs. Its bytes are the same everywhere: a test holds their hash.
 */
import { random } from "../base/random.js";
import { encodeModel, type Tensor } from "../onnx/encode.js";
import type { onnx } from "../onnx/onnx.js";
import { attributeProtos, valueInfo, type Attributes } from "../onnx/protos.js";

const SIZE = 28;
const CLASSES = 10;

/** Four convolutions with ReLU and a dense layer, about 6 MMACs. @returns its file and the input it is timed with, one image */
export function anchor(): { readonly bytes: Uint8Array; readonly dims: readonly number[] } {
  const draw = random(0, "anchor");
  const node: onnx.INodeProto[] = [];
  const tensors: Tensor[] = [];
  const call = (opType: string, input: string[], output: string, attributes: Attributes = {}): string => {
    node.push({ opType, name: `${output}/${opType}`, input, output: [output], attribute: attributeProtos(attributes) });
    return output;
  };
  /** Uniform with a deviation of about 0.1: without a logarithm or cosine, which another V8 may round otherwise. */
  const weight = (name: string, dims: readonly number[]): string => {
    const length = dims.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length }, () => (draw.next() - 0.5) * 0.35);
    tensors.push({ name, type: "float32", dims, forEachBlock: (use) => use(values) });
    return name;
  };
  const conv = (name: string, x: string, [outputs, inputs, kernel]: Triple, stride = 1, group = 1): string => {
    const y = call("Conv", [x, weight(`${name}.weight`, [outputs, inputs, kernel, kernel])], name, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: Array<number>(4).fill((kernel - 1) / 2),
      dilations: [1, 1],
      group,
    });
    return call("Relu", [y], `${name}.relu`);
  };
  let x = conv("a", "pixel_values", [16, 1, 3]);
  x = conv("b", x, [32, 16, 3], 2);
  x = conv("c", x, [32, 1, 5], 1, 32);
  x = conv("d", x, [64, 32, 3]);
  x = call("Flatten", [call("GlobalAveragePool", [x], "g")], "f", { axis: 1 });
  call("Gemm", [x, weight("e.weight", [CLASSES, 64]), weight("e.bias", [CLASSES])], "logits", { transB: 1 });
  const model: onnx.IModelProto = {
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    producerName: "nestling",
    graph: {
      name: "anchor",
      node,
      input: [valueInfo("pixel_values", ["batch_size", 1, SIZE, SIZE])],
      output: [valueInfo("logits", ["batch_size", CLASSES])],
    },
  };
  return { bytes: encodeModel(model, tensors), dims: [1, 1, SIZE, SIZE] };
}

type Triple = readonly [outputs: number, inputsOfGroup: number, kernel: number];
