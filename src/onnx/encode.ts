/**
 * A model's bytes. The weights, nearly all of the file, are written straight into the one buffer that is returned; all the rest is
 * protobufjs's. The bytes are those of `ModelProto.encode` (a test compares them), which would first need every weight as an array,
 * then copy it.
 *
 *   ModelProto   fields 1–6 · 7: graph · 8–
 *   GraphProto   fields 1–2 · 5: initializer … · 11–
 *   TensorProto  fields 1–8 · 9: raw_data
 */
import { onnx } from "./onnx.js";

/** A float32 initializer; `forEachBlock` gives its numbers in order. */
export interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly forEachBlock: (use: (block: Float32Array) => void) => void;
}

const GRAPH = 7;
const INITIALIZER = 5;
const RAW_DATA = 9;

/** @param model without initializers */
export function encodeModel(model: onnx.IModelProto, tensors: readonly Tensor[]): Uint8Array {
  const wrong = onnx.ModelProto.verify(model);
  if (wrong) throw new Error(`internal: the ONNX model is malformed: ${wrong}`);
  const { graph, opsetImport, metadataProps, ...head } = model;
  const { input, output, ...nodes } = graph!;
  const graphHead = onnx.GraphProto.encode(nodes).finish();
  const graphTail = onnx.GraphProto.encode({ input, output } as onnx.IGraphProto).finish();
  const initializers = tensors.map((tensor) => {
    const dims = [...tensor.dims];
    const bytes = 4 * dims.reduce((product, size) => product * size, 1);
    const { FLOAT } = onnx.TensorProto.DataType;
    const described = onnx.TensorProto.encode({ name: tensor.name, dims, dataType: FLOAT }).finish();
    const start = join(described, prefix(RAW_DATA, bytes));
    return { tensor, bytes, start: join(prefix(INITIALIZER, start.length + bytes), start) };
  });
  const graphBytes = initializers.reduce(
    (sum, { start, bytes }) => sum + start.length + bytes,
    graphHead.length + graphTail.length,
  );
  const before = join(onnx.ModelProto.encode(head).finish(), prefix(GRAPH, graphBytes));
  const after = onnx.ModelProto.encode({ opsetImport, metadataProps } as onnx.IModelProto).finish();

  // Not zeroed first: every byte is written below.
  const { buffer } = Buffer.allocUnsafeSlow(before.length + graphBytes + after.length);
  const file = new Uint8Array(buffer);
  let at = 0;
  const put = (bytes: Uint8Array): void => {
    file.set(bytes, at);
    at += bytes.length;
  };
  put(before);
  put(graphHead);
  for (const { tensor, bytes, start } of initializers) {
    put(start);
    const end = at + bytes;
    tensor.forEachBlock((block) => put(new Uint8Array(block.buffer, block.byteOffset, block.byteLength)));
    if (at !== end) throw new Error(`internal: ${tensor.name} has other numbers than its shape says`);
  }
  put(graphTail);
  put(after);
  return file;
}

/** Tag and length of a length-delimited field. */
function prefix(field: number, length: number): Uint8Array {
  const bytes = [(field << 3) | 2];
  let rest = length;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
