/** A model that a GPU in software runs within milliseconds: one convolution, and perhaps an operator that onnxruntime's WebGPU lacks. */
import { encodeModel, type Tensor } from "../../../src/onnx/encode.js";
import { attributeProtos, valueInfo } from "../../../src/onnx/protos.js";

const SIZE = 6;

export function tinyModel({ shrinks = false } = {}): { readonly bytes: Uint8Array; readonly dims: readonly number[] } {
  const values = Float32Array.from({ length: 18 }, (_, i) => Math.sin(i));
  const weight: Tensor = { name: "weight", type: "float32", dims: [2, 1, 3, 3], forEachBlock: (use) => use(values) };
  const node = {
    ...{ opType: "Conv", name: "conv", input: ["pixel_values", "weight"], output: [shrinks ? "values" : "logits"] },
    attribute: attributeProtos({
      kernel_shape: [3, 3],
      strides: [1, 1],
      pads: [1, 1, 1, 1],
      dilations: [1, 1],
      group: 1,
    }),
  };
  const shrink = { opType: "Shrink", name: "shrink", input: ["values"], output: ["logits"], attribute: [] };
  const graph = {
    ...{ name: "tiny", node: shrinks ? [node, shrink] : [node] },
    input: [valueInfo("pixel_values", ["batch_size", 1, SIZE, SIZE])],
    output: [valueInfo("logits", ["batch_size", 2, SIZE, SIZE])],
  };
  const opsetImport = [{ domain: "", version: 17 }];
  return { bytes: encodeModel({ irVersion: 8, opsetImport, graph }, [weight]), dims: [1, 1, SIZE, SIZE] };
}
