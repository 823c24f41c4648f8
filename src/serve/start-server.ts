/** A small server of the Open Inference Protocol v2 (REST): for trying, for edge boxes and for tests. docs/serving.md. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { getRequestListener } from "@hono/node-server";
import { readTokenFile } from "../base/token-file.js";
import { UserError } from "../base/user-error.js";
import type { Mistake } from "../base/user-file.js";
import { readShippedAt } from "../format/shipped-child.js";
import { addressOf, isLoopback, listenOn, tlsOf } from "../target/listen.js";
import { admission } from "./admission.js";
import { application } from "./application.js";
import { defaultServeLimits, type ServeLimits } from "./limits.js";
import { serveMetrics } from "./metrics.js";
import { pixelRoom } from "./pixel-room.js";
import { serveModel, type ServedModel } from "./served-model.js";

/** What is served, where and to whom. */
export interface ServeOptions {
  /** An address of this machine: 127.0.0.1 by default, which no other machine reaches. */
  readonly host?: string | undefined;
  /** 8000 by default, as Triton; 0 for any that is free. */
  readonly port?: number | undefined;
  /** File with the token that callers send; without it anyone on this machine may ask. */
  readonly tokenFile?: string | undefined;
  /** Files in PEM: the server's certificate with those that signed it, and its key. With them it speaks https. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** onnxruntime's intra-op threads of each model: 1 by default, 0 for all cores. */
  readonly threads?: number | undefined;
  /** What differs from the default limits. */
  readonly limits?: Partial<ServeLimits> | undefined;
}

/** A server that answers. */
export interface ModelServer {
  /** Its address: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Names of its models. */
  readonly models: readonly string[];
  /** Rejects when a model can't be run any more: the server is of no use then. */
  readonly failed: Promise<never>;
  /** Takes no more requests, answers those in flight, then ends. */
  close(): Promise<void>;
}

/** Triton's. */
export const defaultServePort = 8000;
const HEADERS_MS = 10_000;
const MOST_CONNECTIONS = 1024;

/**
 * Serves children by the Open Inference Protocol v2.
 * @param children .onnx files with their certificates beside them, or folders that `deployChildren` wrote
 * @throws UserError `deploy/missing`, `deploy/certificate`, `format/child`, `format/manifest` where a child or its certificate is not as it was shipped;
 *   `serve/name`, `serve/open`, `serve/token-file`, `target/certificate`, `target/listen`, `runtime/model`
 */
export async function startServer(children: readonly string[], options: ServeOptions = {}): Promise<ModelServer> {
  const { host = "127.0.0.1", port = defaultServePort, threads = 1 } = options;
  const limits = { ...defaultServeLimits, ...options.limits };
  const tls = await tlsOf(options, "the server", "docs/serving.md");
  const token = options.tokenFile === undefined ? undefined : await readTokenFile(options.tokenFile, tokenMistake);
  if (token === undefined && !isLoopback(host)) throw inTheOpen(host);
  const models = new Map<string, ServedModel>();
  const room = admission(limits);
  const metrics = serveMetrics(
    () => room.count,
    () => [...models.values()],
  );
  let isStopping = false;
  const decoding = pixelRoom(limits.decodedPixels);
  const app = application({ models, limits, admission: room, decoding, metrics, token, isStopping: () => isStopping });
  // As a library, it leaves the process's own Request and Response as they are.
  // HTTP/1.0, which health checks of proxies speak, needs no Host.
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false, hostname: "localhost" });
  const times = {
    requestTimeout: HEADERS_MS + limits.bodyMs,
    headersTimeout: HEADERS_MS,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: 60_000,
  };
  const listen = (...request: Parameters<typeof listener>): void => void listener(...request);
  const server = tls ? createTlsServer({ ...times, ...tls }, listen) : createServer(times, listen);
  server.maxConnections = MOST_CONNECTIONS;
  const release = async (): Promise<void> => {
    await Promise.all([...models.values()].map((model) => model.close()));
  };
  try {
    for (const child of await readAll(children))
      models.set(child.name, await serveModel(child, threads, limits, metrics));
    const actual = await listenOn(server, host, port);
    const failed = Promise.race([...models.values()].map((model) => model.failed));
    failed.catch(() => undefined);
    return {
      url: addressOf(tls ? "https" : "http", host, actual),
      models: [...models.keys()],
      failed,
      async close() {
        isStopping = true;
        const closed = once(server, "close");
        server.close();
        const late = setTimeout(() => server.closeAllConnections(), limits.stopMs);
        await closed;
        clearTimeout(late);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function readAll(places: readonly string[]) {
  const children = await Promise.all(places.map(readShippedAt));
  children.forEach(({ name }, i) => {
    const first = children.findIndex((other) => other.name === name);
    if (first === i) return;
    const fix = "Rename the .onnx file, and the certificate beside it.";
    const got = `of the same name, ${name}, as ${places[first]!}`;
    throw new UserError("serve/name", { at: places[i]!, got, want: "a name for each model", fix });
  });
  return children;
}

const tokenMistake: Mistake = {
  code: "serve/token-file",
  want: "a file with the token of the server's callers",
  fix: "Make one: `openssl rand -hex 32 > FILE`.",
};

const inTheOpen = (host: string): UserError =>
  new UserError("serve/open", {
    at: "the server's host",
    got: `${host} without a token`,
    want: "a token, where other machines reach it",
    fix: "Give --token-file, or keep 127.0.0.1.",
  });
