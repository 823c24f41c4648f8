/** The page's worker: it loads the model, checks it, and classifies one picture after the other. The page stays free meanwhile. */
import type * as onnxruntime from "onnxruntime-web";
import { logitsOf, probeDifference, topClasses, type Probe, type Run } from "../classifier.js";
import { pixelValues, type Picture } from "../pixels.js";
import type { Certificate, Classified, FromWorker, ToWorker } from "./messages.js";

const post = (message: FromWorker): void => postMessage(message);

/** An address beside the page, wherever the folder lies. */
const beside = (path: string): string => new URL(`../${path}`, import.meta.url).href;

/** @returns undefined where the folder has no such file */
async function bytesIfAny(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const response = await fetch(beside(path));
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${path}: the server says ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await bytesIfAny(path);
  if (!bytes) throw new Error(`${path} is missing`);
  return bytes;
}

const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

async function load(): Promise<{ readonly run: Run; readonly certificate: Certificate }> {
  const [model, text] = await Promise.all([bytesOf("model.onnx"), bytesOf("model.json")]);
  const certificate = json(text) as Certificate;
  await refuseAnother(model, certificate);
  const ort = (await import(beside("onnxruntime-web/ort.js"))) as typeof onnxruntime;
  // One thread needs no headers of the server's.
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { wasm: beside("onnxruntime-web/ort-wasm-simd-threaded.wasm") };
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  const run: Run = async (values, dims) => {
    const { logits } = await session.run({ pixel_values: new ort.Tensor("float32", values, dims) });
    return logits!.data as Float32Array;
  };
  return { run, certificate };
}

/** A browser may have kept one of two files that were replaced. By plain http it has no hashes. */
async function refuseAnother(model: Uint8Array<ArrayBuffer>, { sha256 }: Certificate): Promise<void> {
  if (!isSecureContext) return;
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", model));
  const hex = [...found].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== sha256) throw new Error("model.onnx is not the file that model.json is of; reload the page");
}

async function check(run: Run, certificate: Certificate): Promise<string> {
  const bytes = await bytesIfAny("probe.json");
  if (!bytes) return "not checked: the certificate has no probe";
  const probe = json(bytes) as Probe;
  const pixels = Uint8Array.from(atob(probe.pixels), (character) => character.charCodeAt(0));
  const most = await probeDifference(run, certificate, probe, pixels);
  const verdict = most <= probe.tolerance ? "computes what is certified" : "DIFFERS from what is certified";
  return `${verdict}: largest difference ${most.toExponential(1)}, ${probe.tolerance.toExponential(1)} allowed`;
}

const loaded = load();
loaded
  .then(async ({ run, certificate }) => post({ ready: { certificate, check: await check(run, certificate) } }))
  .catch((error: unknown) => post({ failed: (error as Error).message }));

async function classify(picture: Picture): Promise<Classified> {
  const { run, certificate } = await loaded;
  const start = performance.now();
  const values = pixelValues(picture, certificate.preprocessing);
  const prepared = performance.now();
  const [row] = await logitsOf(run, certificate, values, 1);
  const runMs = performance.now() - prepared;
  return { answers: topClasses(row!, certificate.labels), prepareMs: prepared - start, runMs };
}

let last: Promise<void> = Promise.resolve();
onmessage = ({ data: { id, picture } }: MessageEvent<ToWorker>) => {
  last = last.then(async () => {
    try {
      post({ id, classified: await classify(picture) });
    } catch (error) {
      post({ id, refused: (error as Error).message });
    }
  });
};
