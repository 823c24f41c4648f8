/** The page's server by its sockets, as an attacker would use them. No browser is needed. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { browserTarget } from "../../../src/target/browser/browser.js";
import { pageFiles } from "../../../src/target/browser/page-files.js";
import type { PageLink } from "../../../src/target/browser/page-link.js";
import { PROTOCOL } from "../../../src/target/browser/protocol.js";

const data = mkdtempSync(join(tmpdir(), "nestling-browser-"));
process.env["XDG_DATA_HOME"] = data;
afterAll(() => rmSync(data, { recursive: true, force: true }));

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function served(): Promise<{ link: PageLink; port: number; token: string }> {
  const link = await new Promise<PageLink>((resolve) => {
    const target = browserTarget({ port: 0, onLink: resolve, awayMs: 60_000 });
    const waiting = target.environment();
    waiting.catch(() => undefined);
    onTestFinished(async () => {
      await target.close();
      await expect(waiting).rejects.toThrow("closed");
    });
  });
  const { port, hash } = new URL(link.url);
  return { link, port: Number(port), token: hash.slice(1) };
}

/** The path as it is: no client cleans it. */
const get = (port: number, path: string, token?: string, method = "GET"): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { cookie: `other=1; nestling-${port}=${token}` };
    request({ port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    })
      .on("error", reject)
      .end();
  });

const worker = "/target/browser/page/worker.js";
const runtime = "/onnxruntime-web-1.30.0/ort-wasm-simd-threaded.wasm";

test("the link has a token of 256 bits, on localhost, and as a QR code", async () => {
  const { link, token } = await served();
  expect(link.url).toMatch(/^http:\/\/localhost:\d+\/#/);
  expect(Buffer.from(token, "base64url")).toHaveLength(32);
  expect(link.qrCode.split("\n").length).toBeGreaterThan(15);
  expect(link.plainQrCode).toMatch(/^[ ▄█▀\n]+$/);
  expect(link.warning).toBeUndefined();
});

test("who has no token gets the empty page and its first script, and 401 for all else, whether it is there or not", async () => {
  const { port, token } = await served();
  expect((await get(port, "/")).status).toBe(200);
  expect((await get(port, "/target/browser/page/boot.js")).status).toBe(200);
  for (const path of [
    worker,
    runtime,
    "/target/browser/protocol.js",
    "/nothing",
    "/package.json",
    "/socket",
    "//",
    "*",
  ]) {
    expect((await get(port, path)).status, path).toBe(401);
    expect((await get(port, path, `${token.slice(1)}A`)).status, path).toBe(401);
  }
  expect((await get(port, "/")).body.toString()).not.toContain(token);
});

test("with it, the page's scripts and onnxruntime-web's files, as they are installed", async () => {
  const { port, token } = await served();
  expect((await get(port, worker, token)).body.equals(readFileSync(`dist${worker}`))).toBe(true);
  const wasm = await get(port, runtime, token);
  expect(wasm.headers["content-type"]).toBe("application/wasm");
  expect(wasm.headers["cache-control"]).toContain("immutable");
  const installed = readFileSync("node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm");
  expect(wasm.body.equals(installed)).toBe(true);
  expect((await get(port, worker, token, "POST")).status).toBe(404);
});

test("whatever a page's script imports is served, too: a page that misses one waits in silence", async () => {
  const paths = [...(await pageFiles()).keys()].filter((path) => path.endsWith(".js"));
  const imported = paths.flatMap((path) =>
    [...readFileSync(`dist${path}`, "utf8").matchAll(/(?:from|import) "(\.[^"]+)"/g)].map(([, to]) =>
      posix.join(posix.dirname(path), to!),
    ),
  );
  expect(imported.length).toBeGreaterThan(10);
  expect(imported.filter((path) => !paths.includes(path))).toEqual([]);
});

test("no path leads to another file: 404 with the token", async () => {
  const { port, token } = await served();
  for (const path of [
    ...[
      "/../package.json",
      "/target/browser/page/../../../../package.json",
      "/%2e%2e/package.json",
      "/..%2fpackage.json",
    ],
    ...["//etc/passwd", "/etc/passwd", "/target/browser/page/", "/target/browser/page/worker.js.map", `${worker}/`],
    ...[
      "/target/browser/page/..%5c..%5cbrowser.js",
      "/target/browser/browser.js",
      "/base/user-error.js",
      `${worker}%00`,
    ],
    ...["/onnxruntime-web-1.30.0/ort.min.mjs", "/onnxruntime-web-1.30.0/../package.json", "/__proto__", "/constructor"],
  ]) {
    expect((await get(port, path, token)).status, path).toBe(404);
  }
});

test("every answer isolates the page from other origins", async () => {
  const { port, token } = await served();
  for (const path of ["/", worker, runtime, "/nothing"]) {
    expect((await get(port, path, token)).headers, path).toMatchObject({
      ...{ "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" },
      ...{ "cross-origin-resource-policy": "same-origin", "x-content-type-options": "nosniff" },
    });
  }
  expect((await get(port, "/")).headers["content-security-policy"]).toContain("default-src 'none'");
});

test("a socket needs the token as well", async () => {
  const { port, token } = await served();
  const opened = (path: string, protocols: string[]): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://localhost:${port}${path}`, protocols);
      socket.on("open", () => {
        resolve("open");
        socket.terminate();
      });
      socket.on("error", ({ message }) => resolve(message));
    });
  expect(await opened("/socket?page=a", [PROTOCOL, token])).toBe("open");
  expect(await opened("/socket?page=a", [PROTOCOL, token.slice(1)])).toMatch("401");
  expect(await opened("/socket?page=a", [PROTOCOL])).toMatch("401");
  expect(await opened("/socket?page=a", [])).toMatch("401");
  expect(await opened("/other", [PROTOCOL, token])).toMatch("404");
});

test("the token is kept for the next start, so that a page that is left open comes back", async () => {
  const { token } = await served();
  expect((await served()).token).toBe(token);
  expect(readFileSync(join(data, "nestling/browser-token"), "utf8").trim()).toBe(token);
});
