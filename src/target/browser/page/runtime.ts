/** onnxruntime-web, by the bundle of one provider. */
import type * as onnxruntime from "onnxruntime-web";
import type { Settings } from "../protocol.js";
import { holdConsole } from "./console-lines.js";

export type Ort = typeof onnxruntime;

/** onnxruntime-web didn't start: for want of memory, for example. */
export class RuntimeFailure extends Error {
  /** @param threads that it was to have */
  constructor(
    message: string,
    readonly threads: number,
  ) {
    super(message);
  }
}

/**
 * @param folder address of its files
 * @returns how many threads it has
 * @throws RuntimeFailure
 */
export async function openRuntime(
  { provider, threads }: Settings,
  folder: string,
  mostThreads: number,
): Promise<{ readonly ort: Ort; readonly threads: number }> {
  holdConsole();
  const ort = (await import(`${folder}ort.${provider}.min.mjs`)) as Ort;
  // Without isolation onnxruntime-web would have one, silently.
  const possible = crossOriginIsolated ? mostThreads : 1;
  const wanted = Math.min(threads === 0 ? navigator.hardwareConcurrency : threads, possible);
  ort.env.wasm.wasmPaths = folder;
  ort.env.wasm.numThreads = wanted;
  ort.env.logLevel = "error";
  // A model that is empty is refused, after all else is done.
  const refusal = await ort.InferenceSession.create(new Uint8Array(1), { executionProviders: [provider] }).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );
  if (!/protobuf/i.test(refusal)) throw new RuntimeFailure(refusal, wanted);
  return { ort, threads: ort.env.wasm.numThreads };
}
