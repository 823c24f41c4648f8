/**
 * A request of the Open Inference Protocol v2: JSON, or JSON and after it the tensors as little-endian bytes (the binary tensor extension), whose
 * header Inference-Header-Content-Length says where the JSON ends. kserve/open-inference-protocol, triton-inference-server's extension_binary_data.md
 */
import { z } from "zod";
import { problemsOf } from "../base/schema-problems.js";
import { decodedText } from "../base/text.js";
import { describeProblem } from "../base/user-error.js";
import { Refusal } from "./refusal.js";

const parameters = z.record(z.string(), z.unknown()).optional();
const requestSchema = z.object({
  id: z.string().max(256).optional(),
  parameters,
  inputs: z
    .array(
      z.object({
        name: z.string(),
        shape: z.array(z.int().min(0)).max(8),
        datatype: z.string(),
        parameters,
        data: z.unknown().optional(),
      }),
    )
    .length(1),
  outputs: z
    .array(z.object({ name: z.string(), parameters }))
    .max(1)
    .optional(),
});

type Head = z.output<typeof requestSchema>;
type Input = Head["inputs"][number];

export interface InferRequest {
  readonly id: string | undefined;
  readonly images: number;
  /** float32 numbers as bytes: [images, channels, height, width] */
  readonly values: Uint8Array;
  /** Whether the answer's tensor is bytes after the JSON. */
  readonly wantsBinary: boolean;
}

/** What both sides call the tensors. */
export const INPUT = "pixel_values";
export const OUTPUT = "logits";

/**
 * @param jsonLength the header Inference-Header-Content-Length; undefined where all of the body is JSON
 * @param shape of one image
 * @throws Refusal 400
 */
export function parseInferRequest(
  body: Uint8Array,
  jsonLength: string | undefined,
  shape: readonly number[],
): InferRequest {
  const length = jsonLength === undefined ? body.length : Number(jsonLength);
  if (!Number.isInteger(length) || length < 0 || length > body.length) {
    throw bad(`Inference-Header-Content-Length is ${jsonLength}; want the bytes of the JSON, at most ${body.length}`);
  }
  const head = headOf(body.subarray(0, length));
  const [input] = head.inputs as [Input];
  const images = imagesOf(input, shape);
  const each = shape.reduce((product, size) => product * size, 1);
  return {
    id: head.id,
    images,
    values: valuesOf(input, images * each, body.subarray(length)),
    wantsBinary: wantsBinary(head),
  };
}

function headOf(bytes: Uint8Array): Head {
  const text = decodedText(bytes);
  if (text === undefined) throw bad("the JSON is not UTF-8");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw bad(`the body is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  const parsed = requestSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, data, "the request", "See docs/serving.md.");
  throw bad(problems.map(describeProblem).join(" ").slice(0, 1000));
}

function imagesOf({ name, datatype, shape: given }: Input, shape: readonly number[]): number {
  if (name !== INPUT) throw bad(`the input is ${shown(name)}; want ${INPUT}`);
  if (datatype !== "FP32") throw bad(`${INPUT} is of the datatype ${shown(datatype)}; want FP32`);
  const [images, ...size] = given;
  if (!images || size.length !== shape.length || size.some((side, i) => side !== shape[i])) {
    throw bad(`${INPUT} has the shape [${given.join(", ")}]; want [images, ${shape.join(", ")}], of 1 image at least`);
  }
  return images;
}

function valuesOf({ parameters = {}, data }: Input, count: number, rest: Uint8Array): Uint8Array {
  const size = parameters["binary_data_size"];
  const unknown = Object.keys(parameters).find((key) => key !== "binary_data_size");
  if (unknown !== undefined) throw bad(`${INPUT} has the parameter ${shown(unknown)}, which this server doesn't know`);
  if (size === undefined) {
    if (rest.length > 0) throw bad(`${rest.length} bytes follow the JSON; want a binary_data_size that names them`);
    if (data === undefined) throw bad(`${INPUT} has neither data nor binary_data_size`);
    return bytesOf(numbersOf(data, count));
  }
  if (data !== undefined) throw bad(`${INPUT} has data and binary_data_size; want one of them`);
  if (size !== rest.length) throw bad(`binary_data_size is ${shown(size)}; ${rest.length} bytes follow the JSON`);
  if (rest.length !== 4 * count) throw bad(`${INPUT} has ${rest.length} bytes; its shape wants ${4 * count}`);
  return rest;
}

/** Flat, or nested as deep as the shape. */
function numbersOf(data: unknown, count: number): Float32Array {
  // The shape alone must not decide how much memory is taken: the body is as large as its numbers are.
  if (!Array.isArray(data)) throw bad(`${INPUT}'s data is no list of numbers`);
  const flat: readonly unknown[] = data.flat(3) as unknown[];
  if (flat.length !== count) throw bad(`${INPUT} has ${flat.length} numbers; its shape wants ${count}`);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = flat[i];
    if (typeof value !== "number") throw bad(`${INPUT}'s number ${i} is ${shown(value)}`);
    values[i] = value;
    if (!Number.isFinite(values[i])) throw bad(`${INPUT}'s number ${i} is too large for float32`);
  }
  return values;
}

/** For one output its own wish counts before that for all. */
function wantsBinary({ parameters, outputs }: Head): boolean {
  const [output] = outputs ?? [];
  if (output && output.name !== OUTPUT) throw bad(`the output is ${shown(output.name)}; want ${OUTPUT}`);
  const unknown = Object.keys(output?.parameters ?? {}).find((key) => key !== "binary_data");
  if (unknown !== undefined) throw bad(`${OUTPUT} has the parameter ${shown(unknown)}, which this server doesn't know`);
  return (output?.parameters?.["binary_data"] ?? parameters?.["binary_data_output"]) === true;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const shown = (value: unknown): string => (value === undefined ? "missing" : JSON.stringify(value)).slice(0, 60);

const bad = (message: string): Refusal => new Refusal(400, message);
