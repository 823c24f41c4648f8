/** What a model's bytes say, read without loading the model: its inputs and its metadata. */
import { onnx } from "./onnx.js";

export interface InputDescription {
  readonly name: string;
  /** ONNX's word for a number's type, `FLOAT`, `UINT8`; undefined for an input that is no tensor. */
  readonly type: string | undefined;
  /** undefined for an input that is no tensor of known rank. */
  readonly dims: readonly number[] | undefined;
}

export interface ModelDescription {
  /** Inputs that no initializer fills. */
  readonly inputs: readonly InputDescription[];
  /** Whether weights lie in files beside it. */
  readonly hasExternalData: boolean;
  /** Version of ONNX's own operators; undefined where the file names none. */
  readonly opset: number | undefined;
  /** metadata_props by key. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Dimensions that are free come out as 1. @returns undefined for bytes that are no ONNX file */
export function describeModel(bytes: Uint8Array): ModelDescription | undefined {
  let model: onnx.ModelProto;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch {
    return undefined;
  }
  // No bytes at all are a message, too.
  if (!model.graph) return undefined;
  const { initializer = [], input = [] } = model.graph;
  const initializers = new Set(initializer?.map(({ name }) => name));
  const inputs = (input ?? []).filter(({ name }) => !initializers.has(name));
  const { DataType, DataLocation } = onnx.TensorProto;
  const own = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  return {
    opset: own && Number(own.version),
    inputs: inputs.map(({ name, type }) => ({
      name: name ?? "",
      type: type?.tensorType ? DataType[type.tensorType.elemType ?? 0] : undefined,
      dims: type?.tensorType?.shape?.dim?.map(({ dimValue }) => Math.max(1, Number(dimValue ?? 1))),
    })),
    hasExternalData: initializer?.some(({ dataLocation }) => dataLocation === DataLocation.EXTERNAL) ?? false,
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key ?? "", value ?? ""])),
  };
}
