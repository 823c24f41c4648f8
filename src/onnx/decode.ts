/** What a model's bytes say, read without loading the model: its inputs and its metadata. */
import { onnx } from "./onnx.js";

export interface ModelDescription {
  /** Inputs that no initializer fills; undefined for an input that is no tensor of known rank. */
  readonly inputs: readonly { readonly name: string; readonly dims: readonly number[] | undefined }[];
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
  const initializers = new Set(model.graph?.initializer?.map(({ name }) => name));
  const inputs = (model.graph?.input ?? []).filter(({ name }) => !initializers.has(name));
  const own = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  return {
    opset: own && Number(own.version),
    inputs: inputs.map(({ name, type }) => ({
      name: name ?? "",
      dims: type?.tensorType?.shape?.dim?.map(({ dimValue }) => Math.max(1, Number(dimValue ?? 1))),
    })),
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key ?? "", value ?? ""])),
  };
}
