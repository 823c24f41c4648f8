/** The model repository of NVIDIA Triton Inference Server (its docs/user_guide/model_repository.md and model_configuration.md). */
import { inputFiles, preprocessingSentence, readme } from "./child-files.js";
import type { FolderFiles, Format, ShippedChild } from "./format.js";

/** Requests that Triton may run together; onnxruntime takes any number. */
const MOST_TOGETHER = 64;

export const triton: Format = {
  says: "NVIDIA Triton's model repository",
  files: (child) => ({
    ...repository(child),
    "README.md": readme(
      child,
      "A model repository for NVIDIA Triton Inference Server:",
      "docker run --rm -p 8000:8000 -v $PWD:/models nvcr.io/nvidia/tritonserver:25.10-py3 tritonserver --model-repository=/models",
      [preprocessingSentence(child.certificate).replace("`preprocessor", `\`${child.name}/preprocessor`)],
    ),
  }),
};

/** The model's folder; what serves Triton's repositories serves it, too. */
export function repository(child: ShippedChild): FolderFiles {
  const { name, bytes, certificate, certificateBytes } = child;
  const { "labels.txt": labels, ...input } = inputFiles(certificate);
  return {
    [`${name}/config.pbtxt`]: configOf(child),
    [`${name}/1/model.onnx`]: bytes,
    [`${name}/labels.txt`]: labels!,
    [`${name}/certificate.json`]: certificateBytes,
    ...Object.fromEntries(Object.entries(input).map(([file, text]) => [`${name}/${file}`, text])),
  };
}

/** In protobuf's text format. Where the batch is free, both sides leave it to Triton; where it is fixed, both say it (server#7462). */
function configOf({ name, certificate }: ShippedChild): string {
  const [batch, ...dims] = certificate.inputs.pixel_values;
  const [, ...classes] = certificate.outputs.logits;
  const isFixed = typeof batch === "number";
  const shape = (sizes: readonly (string | number)[]): string =>
    `[ ${(isFixed ? [batch, ...sizes] : sizes).join(", ")} ]`;
  return `name: ${quoted(name)}
backend: "onnxruntime"
max_batch_size: ${isFixed ? 0 : MOST_TOGETHER}
input [
  {
    name: "pixel_values"
    data_type: TYPE_FP32
    dims: ${shape(dims)}
  }
]
output [
  {
    name: "logits"
    data_type: TYPE_FP32
    dims: ${shape(classes)}
    label_filename: "labels.txt"
  }
]
instance_group [ { count: 1, kind: KIND_AUTO } ]
${isFixed ? "" : "dynamic_batching { }\n"}model_warmup [
  {
    name: "first run"
    ${isFixed ? "" : "batch_size: 1\n    "}inputs {
      key: "pixel_values"
      value { data_type: TYPE_FP32, dims: ${shape(dims)}, random_data: true }
    }
  }
]
`;
}

/** A string of protobuf's text format: it has JSON's escapes. */
const quoted = (text: string): string => JSON.stringify(text);
