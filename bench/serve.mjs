/**
 * What does a server cost beside onnxruntime itself? Single images as binary tensors, 10,000 at a concurrency of 64, to `nestling serve` in a
 * process of its own; then the same file on onnxruntime in this process, in runs of as many images as the server's had on average. Nothing may
 * be lost. The caller takes a share of the same cores.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openSession } from "../dist/runtime/session.js";
import { appendResult } from "./results.mjs";

const main = join(import.meta.dirname, "../dist/cli/main.js");
const options = {
  child: { type: "string", multiple: true },
  requests: { type: "string", default: "10000" },
  concurrency: { type: "string", default: "64" },
};

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  const [requests, concurrency] = [values.requests, values.concurrency].map(Number);
  if (!values.child) throw new Error("--child is missing: an .onnx file with its certificate beside it");
  const rows = [];
  for (const child of values.child) rows.push(await measure(child, requests, concurrency));
  console.table(rows);
  appendResult({ bench: "serve", requests, concurrency, rows });
}

async function measure(child, requests, concurrency) {
  const certificate = JSON.parse(readFileSync(child.replace(/\.onnx$/, ".json"), "utf8"));
  const shape = certificate.inputs.pixel_values.slice(1).map(Number);
  const server = spawn(process.execPath, [main, "serve", child, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const { url, models } = JSON.parse(String((await once(server.stdout, "data"))[0]));
    const send = caller(`${url}/v2/models/${encodeURIComponent(models[0])}/infer`, shape, concurrency);
    await send(Math.ceil(requests / 10));
    const before = await runsOf(url);
    const began = performance.now();
    const { times, lost } = await send(requests);
    const perSecond = (1000 * requests) / (performance.now() - began);
    const after = await runsOf(url);
    const images = Math.round((after.images - before.images) / (after.runs - before.runs));
    const own = await ownPerSecond(child, shape, images, requests);
    times.sort((a, b) => a - b);
    const quantile = (share) => times[Math.ceil(share * times.length) - 1];
    return {
      child: certificate.id,
      MMACs: certificate.macs / 1e6,
      lost,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      imagesPerRun: images,
      servedPerSecond: perSecond,
      ownPerSecond: own,
      ratio: perSecond / own,
    };
  } finally {
    server.kill();
  }
}

function caller(url, shape, concurrency) {
  const values = new Float32Array(shape.reduce((a, b) => a * b)).map((_, i) => Math.sin(i));
  const input = { name: "pixel_values", shape: [1, ...shape], datatype: "FP32" };
  const parameters = { binary_data_size: values.byteLength };
  const head = JSON.stringify({ inputs: [{ ...input, parameters }], parameters: { binary_data_output: true } });
  const body = Buffer.concat([Buffer.from(head), new Uint8Array(values.buffer)]);
  const headers = { "inference-header-content-length": head.length, "content-length": body.length };
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const one = () =>
    new Promise((resolve, reject) => {
      const asked = request(url, { method: "POST", agent, headers }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode));
        response.on("error", reject);
      });
      asked.on("error", reject);
      asked.end(body);
    });
  return async (count) => {
    const times = [];
    let [left, lost] = [count, 0];
    const ask = async () => {
      while (left-- > 0) {
        const began = performance.now();
        const status = await one().catch(() => 0);
        times.push(performance.now() - began);
        if (status !== 200) lost++;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, ask));
    return { times, lost };
  };
}

async function runsOf(url) {
  const text = await (await globalThis.fetch(`${url}/metrics`)).text();
  const of = (name) => Number(new RegExp(`^nestling_batch_images_${name}\\{.*\\} (\\d+)`, "m").exec(text)[1]);
  return { images: of("sum"), runs: of("count") };
}

/** As the server's session: one thread. */
async function ownPerSecond(child, shape, images, requests) {
  const session = await openSession(readFileSync(child), { threads: 1 });
  const dims = [images, ...shape];
  const input = new Float32Array(dims.reduce((a, b) => a * b)).map((_, i) => Math.sin(i));
  await session.run(input, dims);
  const began = performance.now();
  const runs = Math.ceil(requests / images);
  for (let i = 0; i < runs; i++) await session.run(input, dims);
  const perSecond = (1000 * runs * images) / (performance.now() - began);
  await session.release();
  return perSecond;
}
