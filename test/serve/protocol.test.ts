/** The Open Inference Protocol, by requests over HTTP to a server with a compiled child. */
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deployChildren } from "../../src/format/deploy-child.js";
import { startServer } from "../../src/serve/start-server.js";
import { runNestling } from "../cli/bad-input.js";
import { shortly } from "../cli/finished-run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { aChild, binaryAnswer, binaryRequest, largestDifference, probeOf, serving } from "./served-child.js";

/** The finished run's child again, with a fixed batch of 3. */
async function fixedChild(child: string): Promise<string> {
  const out = join(await temporaryFolder(), "fixed.onnx");
  const args = ["--arch", "smallest", "--out", out, "--static-batch", "3", "--recalibration-images", "64", ...shortly];
  const { status, stderr } = await runNestling(["export", join(child, ".."), ...args]);
  expect(status, stderr).toBe(0);
  return out;
}

test("health, metadata of server and model, readiness; versions; HEAD", async () => {
  const child = await aChild();
  const { url, models } = await serving([child]);
  const { certificate } = await probeOf(child);
  expect(models).toEqual(["child"]);
  const json = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
  expect(await json("/v2/health/live")).toEqual({ live: true });
  expect(await json("/v2/health/ready")).toEqual({ ready: true });
  expect(await json("/v2")).toMatchObject({ name: "nestling", extensions: ["binary_tensor_data"] });
  const [, ...shape] = certificate.inputs.pixel_values;
  const metadata = {
    ...{ name: "child", versions: ["1"], platform: "onnxruntime_onnx" },
    inputs: [{ name: "pixel_values", datatype: "FP32", shape: [-1, ...shape] }],
    outputs: [{ name: "logits", datatype: "FP32", shape: [-1, certificate.labels.length] }],
  };
  for (const path of ["/v2/models/child", "/v2/models/child/versions/1"]) {
    expect(await json(path)).toEqual(metadata);
    expect(await json(`${path}/ready`)).toEqual({ name: "child", ready: true });
  }
  const head = await fetch(`${url}/v2/health/ready`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test.each([false, true])(
  "logits are the certificate's, fixed batch %s: as JSON, nested and flat, as bytes, one image or many",
  async (isFixed) => {
    const original = await aChild();
    const child = isFixed ? await fixedChild(original) : original;
    const name = isFixed ? "fixed" : "child";
    const { url } = await serving([child], { limits: { batchImages: 3 } });
    const { values, shape, logits, tolerance, certificate } = await probeOf(child);
    const [images, ...size] = shape as [number, ...number[]];
    const at = `${url}/v2/models/${name}/infer`;
    const nested = Array.from({ length: images }, (_, i) =>
      Array.from(values.subarray((i * values.length) / images, ((i + 1) * values.length) / images)),
    );
    for (const data of [Array.from(values), nested]) {
      const inputs = [{ name: "pixel_values", shape, datatype: "FP32", data }];
      const body = JSON.stringify({ id: "seven", inputs, outputs: [{ name: "logits" }] });
      const response = await fetch(at, { method: "POST", body, headers: { "content-type": "application/json" } });
      const answer = (await response.json()) as { outputs: { data: number[] }[] };
      expect(answer).toMatchObject({ id: "seven", model_name: name, model_version: "1" });
      expect(answer.outputs[0]).toMatchObject({
        name: "logits",
        datatype: "FP32",
        shape: [images, certificate.labels.length],
      });
      expect(largestDifference(answer.outputs[0]!.data, logits)).toBeLessThan(tolerance);
    }
    // More images than one run takes, and single ones at once.
    const many = Float32Array.from({ length: 3 * values.length }, (_, i) => values[i % values.length]!);
    const whole = await binaryAnswer(await fetch(at, binaryRequest(many, [3 * images, ...size])));
    expect(whole.head).toMatchObject({ outputs: [{ parameters: { binary_data_size: whole.logits.byteLength } }] });
    expect(largestDifference(whole.logits, [...logits, ...logits, ...logits])).toBeLessThan(tolerance);
    const each = values.length / images;
    const singles = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const from = (i % images) * each;
        return binaryAnswer(await fetch(at, binaryRequest(values.subarray(from, from + each), [1, ...size])));
      }),
    );
    const classes = certificate.labels.length;
    singles.forEach(({ logits: found }, i) => {
      const from = (i % images) * classes;
      expect(largestDifference(found, logits.subarray(from, from + classes))).toBeLessThan(tolerance);
    });
  },
);

test("requests at once share runs, and the metrics say so", async () => {
  const child = await aChild();
  const { url } = await serving([child], { limits: { batchWaitMs: 50 } });
  const { values, shape } = await probeOf(child);
  const each = values.length / shape[0]!;
  const one = binaryRequest(values.subarray(0, each), [1, ...shape.slice(1)]);
  await Promise.all(Array.from({ length: 8 }, () => fetch(`${url}/v2/models/child/infer`, one)));
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('nestling_requests_total{endpoint="infer",model="child",status="200"} 8');
  expect(metrics).toContain('nestling_batch_images_sum{model="child"} 8');
  expect(Number(/nestling_batch_images_count\{model="child"\} (\d+)/.exec(metrics)![1])).toBeLessThan(8);
  expect(metrics).toContain('nestling_waiting_images{model="child"} 0');
  expect(metrics).toMatch(/process_resident_memory_bytes \d+/);
});

describe("what is wrong is said, with the right status", () => {
  test("malformed, wrong shape, wrong type, wrong sizes: 400 with a sentence", async () => {
    const child = await aChild();
    const { url } = await serving([child]);
    const { values, shape } = await probeOf(child);
    const [, channels, side] = shape as [number, number, number];
    const good = {
      name: "pixel_values",
      shape: [1, channels, side, side],
      datatype: "FP32",
      data: Array.from(values.subarray(0, channels * side * side)),
    };
    const post = async (body: string | Buffer, headers: Record<string, string> = {}) => {
      const response = await fetch(`${url}/v2/models/child/infer`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", ...headers },
      });
      return [response.status, ((await response.json()) as { error?: string }).error];
    };
    const of = (input: object, more: object = {}): string =>
      JSON.stringify({ inputs: [{ ...good, ...input }], ...more });
    const wrong: readonly (readonly [string | Buffer, RegExp, Record<string, string>?])[] = [
      ["", /not JSON/],
      ["{", /not JSON/],
      [Buffer.from([0xff, 0x7b]), /not UTF-8/],
      ["[]", /the request is \[\]; want object/],
      ["{}", /inputs is missing/],
      [JSON.stringify({ inputs: [good, good] }), /inputs/],
      [of({ name: "x" }), /the input is "x"; want pixel_values/],
      [of({ datatype: "INT8" }), /datatype "INT8"; want FP32/],
      [of({ shape: [1, channels, side, side + 1] }), /shape .*; want \[images, /],
      [of({ shape: [0, channels, side, side] }), /of 1 image at least/],
      [of({ shape: [-1, channels, side, side] }), /shape\[0\] is -1/],
      [of({ shape: [1e9, channels, side, side] }), /its shape wants/],
      [of({ data: [1] }), /has 1 numbers; its shape wants/],
      [of({ data: good.data.map(String) }), /number 0 is "/],
      [of({ data: "abc" }), /no list of numbers/],
      [of({ data: good.data.map(() => 1e39) }), /number 0 is too large for float32/],
      [of({}).replace(/"data":\[[^,]*,/, '"data":[-1e999,'), /number 0 is too large for float32/],
      [of({ data: undefined }), /neither data nor binary_data_size/],
      [of({ parameters: { shared_memory_region: "a" } }), /shared_memory_region/],
      [of({ data: undefined, parameters: { binary_data_size: 4 } }), /binary_data_size is 4; 0 bytes follow/],
      [of({}, { outputs: [{ name: "y" }] }), /the output is "y"; want logits/],
      [of({}, { outputs: [{ name: "logits", parameters: { classification: 3 } }] }), /classification/],
      [of({}), /Inference-Header-Content-Length is -1/, { "inference-header-content-length": "-1" }],
      [of({}), /Inference-Header-Content-Length is 999999999/, { "inference-header-content-length": "999999999" }],
      ["[".repeat(100_000), /not JSON/],
    ];
    for (const [body, message, headers] of wrong) {
      const [status, error] = await post(body, headers);
      expect([status, error], String(message)).toEqual([400, expect.stringMatching(message)]);
    }
    expect((await post(of({})))[0]).toBe(200);
  });

  test("404, 405 with Allow, 415 for another type or a compressed body", async () => {
    const { url } = await serving([await aChild()]);
    const status = async (path: string, init: RequestInit = {}): Promise<number> =>
      (await fetch(url + path, init)).status;
    for (const path of [
      "/",
      "/v1",
      "/v2/models/other",
      "/v2/models/child/versions/2",
      "/v2/models/other/ready",
      "/v2/models/..%2f..%2fetc",
    ])
      expect(await status(path), path).toBe(404);
    const wrong = await fetch(`${url}/v2/models/child/infer`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await status("/v2/health/live", { method: "POST" })).toBe(405);
    const post = (headers: Record<string, string>): RequestInit => ({ method: "POST", body: "{}", headers });
    expect(await status("/v2/models/child/infer", post({ "content-type": "text/plain" }))).toBe(415);
    const zipped = post({ "content-type": "application/json", "content-encoding": "gzip" });
    expect(await status("/v2/models/child/infer", zipped)).toBe(415);
    const plain = post({ "content-type": "application/json", "content-encoding": "Identity" });
    expect(await status("/v2/models/child/infer", plain)).toBe(400);
    expect(await status("/v2/models/child/classify", post({ "content-type": "image/webp" }))).toBe(415);
  });
});

test("without the token: 401 for all but health; with it all works", async () => {
  const child = await aChild();
  const tokenFile = join(child, "../token");
  await writeFile(tokenFile, "a-token-for-this-test-alone\n");
  const { url } = await serving([child], { tokenFile });
  const status = async (path: string, authorization?: string): Promise<number> =>
    (await fetch(url + path, authorization === undefined ? {} : { headers: { authorization } })).status;
  for (const path of ["/v2", "/v2/models/child", "/metrics", "/nowhere"]) {
    expect(await status(path), path).toBe(401);
    expect(await status(path, "Bearer another-token-of-this-test"), path).toBe(401);
    expect(await status(path, "Bearer a-token-for-this-test-alone"), path).toBe(path === "/nowhere" ? 404 : 200);
  }
  expect(await status("/v2/health/ready")).toBe(200);
});

test("several models, and a folder that deploy wrote; two of one name are refused", async () => {
  const child = await aChild();
  const [deployed] = await deployChildren([child], { formats: ["triton"], out: join(child, "../deployed") });
  const { folder } = deployed!;
  const other = join(child, "../größer=2 .onnx");
  await writeFile(other, await readFile(child));
  await writeFile(other.replace(".onnx", ".json"), await readFile(child.replace(".onnx", ".json")));
  const { url, models } = await serving([folder, other]);
  expect(models).toEqual(["child", "größer=2 "]);
  for (const name of models) expect((await fetch(`${url}/v2/models/${encodeURIComponent(name)}`)).status).toBe(200);
  await expect(startServer([child, folder], { port: 0 })).rejects.toMatchObject({ code: "serve/name" });
});

test("a child that is not the certified one is refused on start, with exit code 2", async () => {
  const child = await aChild();
  const bytes = await readFile(child);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(child, bytes);
  const { status, stderr } = await runNestling(["serve", child, "--port", "0"]);
  expect([status, stderr]).toEqual([2, expect.stringContaining("of another file than")]);
  for (const [args, message] of [
    [["nowhere.onnx"], "nowhere.onnx is missing"],
    [[join(child, "..")], "nestling.json is missing"],
    [[child, "--host", "0.0.0.0"], "0.0.0.0 without a token"],
  ] as const) {
    const refused = await runNestling(["serve", ...args, "--port", "0"]);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});

test("a health check in HTTP/1.0, which names no host, is answered", async () => {
  const { port } = new URL((await serving([await aChild()])).url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write("GET /v2/health/ready HTTP/1.0\r\n\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200 [^]*"ready":true/);
});
