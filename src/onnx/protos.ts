/** Small parts of a model as protobuf objects. */
import { onnx } from "./onnx.js";

/** A number is an INT, a list INTS; a FLOAT says so. */
export type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>;

export const attributeProtos = (attributes: Attributes): onnx.IAttributeProto[] =>
  Object.entries(attributes).map(([name, value]) => {
    const { AttributeType } = onnx.AttributeProto;
    if (typeof value === "number") return { name, type: AttributeType.INT, i: value };
    if ("float" in value) return { name, type: AttributeType.FLOAT, f: value.float };
    return { name, type: AttributeType.INTS, ints: [...value] };
  });

const dataTypes = {
  float32: onnx.TensorProto.DataType.FLOAT,
  float16: onnx.TensorProto.DataType.FLOAT16,
  int8: onnx.TensorProto.DataType.INT8,
  uint8: onnx.TensorProto.DataType.UINT8,
  int32: onnx.TensorProto.DataType.INT32,
  int64: onnx.TensorProto.DataType.INT64,
} as const;

/** ONNX's number of a data type. */
export const dataTypeOf = (type: keyof typeof dataTypes): number => dataTypes[type];

/** An input or output; a dimension that is a word is free. */
export const valueInfo = (
  name: string,
  dims: readonly (number | string)[],
  type: keyof typeof dataTypes = "float32",
): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: dataTypes[type],
      shape: { dim: dims.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size })) },
    },
  },
});
