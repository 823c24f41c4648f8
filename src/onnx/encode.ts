/**
 * A model's bytes. The weights, nearly all of the file, are written straight into the one buffer that is returned; all the rest is
 * protobufjs's. The bytes are those of `ModelProto.encode` (a test compares them), which would first need every weight as an array,
 * then copy it.
 *
 *   ModelProto   fields 1–6 · 7: graph · 8–
 *   GraphProto   fields 1–2 · 5: initializer … · 11–
 *   TensorProto  fields 1–8 · 9: raw_data
 */
import { toFloat16 } from "./float16.js";
import { onnx } from "./onnx.js";
import { dataTypeOf } from "./protos.js";

/** An initializer; `forEachBlock` gives its numbers in order. */
export interface Tensor {
  readonly name: string;
  /** What its numbers are stored as. */
  readonly type: keyof typeof storages;
  readonly dims: readonly number[];
  readonly forEachBlock: (use: (block: Float32Array) => void) => void;
}

/** How numbers are stored, by type. */
const storages = {
  float32: { dataType: dataTypeOf("float32"), bytesEach: 4, stored: (block: Float32Array) => block },
  float16: { dataType: dataTypeOf("float16"), bytesEach: 2, stored: toFloat16 },
  int8: { dataType: dataTypeOf("int8"), bytesEach: 1, stored: (block: Float32Array) => Int8Array.from(block) },
  uint8: { dataType: dataTypeOf("uint8"), bytesEach: 1, stored: (block: Float32Array) => Uint8Array.from(block) },
  int32: { dataType: dataTypeOf("int32"), bytesEach: 4, stored: (block: Float32Array) => Int32Array.from(block) },
} as const satisfies Record<
  string,
  { dataType: number; bytesEach: number; stored: (block: Float32Array) => ArrayBufferView }
>;

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
    const { bytesEach, dataType } = storages[tensor.type];
    const bytes = bytesEach * dims.reduce((product, size) => product * size, 1);
    const described = onnx.TensorProto.encode({ name: tensor.name, dims, dataType }).finish();
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
    const { stored } = storages[tensor.type];
    tensor.forEachBlock((block) => {
      const { buffer, byteOffset, byteLength } = stored(block);
      put(new Uint8Array(buffer, byteOffset, byteLength));
    });
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
