/** What the server says in the Open Inference Protocol v2. */
import { version } from "../base/version.js";
import { INPUT, OUTPUT, type InferRequest } from "./infer-request.js";
import type { ServedModel } from "./served-model.js";

/** As in a Triton repository that nestling deploys: one version of each model. */
export const MODEL_VERSION = "1";

export interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export const json = (value: unknown, status = 200, headers = {}): Reply => ({
  ...{ status, headers },
  body: JSON.stringify(value),
});

export const serverMetadata = () => ({ name: "nestling", version, extensions: ["binary_tensor_data"] });

/** Any number of images is taken, also by a file with a fixed batch. */
export const modelMetadata = ({ name, shape, labels }: ServedModel) => ({
  ...{ name, versions: [MODEL_VERSION], platform: "onnxruntime_onnx" },
  inputs: [{ name: INPUT, datatype: "FP32", shape: [-1, ...shape] }],
  outputs: [{ name: OUTPUT, datatype: "FP32", shape: [-1, labels.length] }],
});

/** @param logits [images, classes] */
export function inferReply(name: string, { id, images, wantsBinary }: InferRequest, logits: Float32Array): Reply {
  const answerOf = (content: object): object => ({
    ...{ model_name: name, model_version: MODEL_VERSION, ...(id !== undefined && { id }) },
    outputs: [{ name: OUTPUT, datatype: "FP32", shape: [images, logits.length / images], ...content }],
  });
  if (!wantsBinary) return json(answerOf({ data: Array.from(logits, finite) }));
  const head = Buffer.from(JSON.stringify(answerOf({ parameters: { binary_data_size: logits.byteLength } })));
  return {
    type: "application/octet-stream",
    headers: { "inference-header-content-length": String(head.length) },
    body: Buffer.concat([head, new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength)]),
  };
}

/** JSON has no word for numbers that are none. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
