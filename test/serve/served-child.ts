/** A server with a real child, gone when the test is done. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import type { Certificate } from "../../src/deploy/certificate.js";
import { certifiedProbe } from "../../src/deploy/child-probe.js";
import { startServer, type ModelServer, type ServeOptions } from "../../src/serve/start-server.js";
import { makeFinishedRun } from "../cli/finished-run.js";
import { temporaryFolder } from "../temporary-folder.js";

/** @returns the path of an exported child, in a folder of the test's own */
export async function aChild(): Promise<string> {
  return join(await makeFinishedRun(await temporaryFolder()), "child.onnx");
}

export async function serving(children: readonly string[], options: ServeOptions = {}): Promise<ModelServer> {
  const server = await startServer(children, { port: 0, ...options });
  let isClosed = false;
  const once = { ...server, close: async () => void (isClosed ||= (await server.close(), true)) };
  onTestFinished(() => once.close());
  return once;
}

export const certificateOf = async (child: string): Promise<Certificate> =>
  JSON.parse(await readFile(child.replace(/\.onnx$/, ".json"), "utf8")) as Certificate;

/** The certificate's probe: what is asked and what is right. */
export async function probeOf(child: string) {
  const certificate = await certificateOf(child);
  const { input, dims, logits, tolerance } = certifiedProbe(certificate)!;
  return { certificate, values: input, shape: [...dims], logits, tolerance };
}

/** A request as `tritonclient` sends it: JSON, then the tensor's bytes. */
export function binaryRequest(values: Float32Array, shape: readonly number[], more: object = {}): RequestInit {
  const input = {
    ...{ name: "pixel_values", shape, datatype: "FP32" },
    parameters: { binary_data_size: values.byteLength },
  };
  const head = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true }, ...more }));
  return {
    method: "POST",
    headers: { "inference-header-content-length": String(head.length) },
    body: Buffer.concat([head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]),
  };
}

/** The JSON and the numbers after it. */
export async function binaryAnswer(
  response: Response,
): Promise<{ head: Record<string, unknown>; logits: Float32Array }> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const length = Number(response.headers.get("inference-header-content-length"));
  const head = JSON.parse(bytes.toString("utf8", 0, length)) as Record<string, unknown>;
  return { head, logits: new Float32Array(Uint8Array.from(bytes.subarray(length)).buffer) };
}

export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length
    ? Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((most, by) => (by <= most ? most : by), 0)
    : Infinity;

export const run = promisify(execFile);
