/**
 * HTTP for an agent: a table of routes, and the order in which a request is judged: its path, its signature, what its headers say of the
 * body, whether its session has the device, and only then the body, whose hash the signature must have named. No file is ever read by a path.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { Server } from "node:net";
import { BodyFault, readBody } from "../../base/read-body.js";
import { UserError } from "../../base/user-error.js";
import type { Gate } from "./gate.js";
import { HttpError } from "./http-error.js";
import type { AgentLimits } from "./limits.js";
import { PROTOCOL, PROTOCOL_HEADER, type Refusal } from "./protocol.js";

export interface Asked {
  /** What the path's `:name` parts are. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
}

export type Reply =
  { readonly json: unknown; readonly status?: number } | { readonly bytes: Uint8Array } | { readonly html: string };

export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** `:session` and the like match one part of a path. */
  readonly path: string;
  /** Open to anyone, without a signature. */
  readonly isOpen?: boolean;
  /** Bytes of its body: none by default. */
  readonly most?: number;
  /** Refuses before the body is read; what it returns is called when the request is answered. */
  readonly before?: (params: Asked["params"]) => () => void;
  readonly reply: (asked: Asked) => Promise<Reply> | Reply;
}

/** Time for a caller to read a refusal while it still sends. */
const LINGER_MS = 1000;
const HEADERS_MS = 10_000;
const MOST_CONNECTIONS = 512;

/** @param hello is added to refusals of stale requests */
export function httpServer(
  routes: readonly Route[],
  gate: Gate,
  limits: AgentLimits,
  { tls, hello }: { readonly tls?: ServerOptions; readonly hello: () => object },
): Server & { closeAllConnections(): void } {
  /** Bytes of bodies that are in memory, or may yet come. */
  let held = 0;
  const listen = (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader(PROTOCOL_HEADER, PROTOCOL);
    answer(request)
      .then((reply) => send(response, reply))
      .catch((error: unknown) => refuse(request, response, error, hello))
      // The caller is gone.
      .catch(() => response.destroy());
  };
  const answer = async (request: IncomingMessage): Promise<Reply> => {
    const { method = "", url = "" } = request;
    const [path = "", query = ""] = url.split(/\?(.*)/s, 2);
    const { route, params } = findRoute(routes, method, path);
    const sha256 = route.isOpen ? undefined : gate.check(request.headers.authorization, method, url);
    const most = route.most ?? 0;
    const length = request.headers["content-length"];
    if (Number(length ?? 0) > most) throw tooLarge(most);
    const done = route.before?.(params);
    const bytes = Number(length ?? (request.headers["transfer-encoding"] ? most : 0));
    // One body is let in whatever its size.
    if (held > 0 && held + bytes > limits.bodiesBytes) {
      done?.();
      throw full(limits.bodiesBytes);
    }
    held += bytes;
    try {
      const body = await bodyOf(request, most, limits.bodyMs);
      if (sha256 !== undefined && createHash("sha256").update(body).digest("hex") !== sha256) throw changed();
      return await route.reply({ params, query: new URLSearchParams(query), body });
    } finally {
      held -= bytes;
      done?.();
    }
  };
  const options = {
    requestTimeout: limits.bodyMs + HEADERS_MS,
    headersTimeout: HEADERS_MS,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: 60_000,
  };
  const server = tls ? createTlsServer({ ...options, ...tls }, listen) : createServer(options, listen);
  server.maxConnections = MOST_CONNECTIONS;
  return server;
}

function findRoute(routes: readonly Route[], method: string, path: string): { route: Route; params: Asked["params"] } {
  const parts = path.split("/");
  const matching = routes.flatMap((route) => {
    const wanted = route.path.split("/");
    const fits = wanted.length === parts.length && wanted.every((part, i) => fitsPart(part, parts[i]!));
    const named = wanted.flatMap((part, i) => (part.startsWith(":") ? [[part.slice(1), parts[i]!] as const] : []));
    return fits ? [{ route, params: Object.fromEntries(named) }] : [];
  });
  const found = matching.find(({ route }) => route.method === method);
  if (found) return found;
  const isKnown = matching.length > 0;
  throw new HttpError(
    isKnown ? 405 : 404,
    new UserError("target/request", {
      at: "the request",
      got: isKnown ? `a ${method.slice(0, 10)}` : "for a path that the agent does not have",
      want: "a request that docs/agent.md lists",
      fix: "Check the address.",
    }),
    isKnown ? { allow: matching.map(({ route }) => route.method).join(", ") } : {},
  );
}

/** Names are hexadecimal digits with or without dashes: no path leads anywhere else. */
const fitsPart = (wanted: string, part: string): boolean =>
  wanted.startsWith(":") ? /^[0-9a-f-]{1,64}$/.test(part) : wanted === part;

async function bodyOf(request: IncomingMessage, most: number, withinMs: number): Promise<Uint8Array> {
  return readBody(request, most, withinMs).catch((error: unknown) => {
    if (!(error instanceof BodyFault) || error.fault === "cut off") throw error;
    throw error.fault === "large" ? tooLarge(most) : tooSlow(withinMs);
  });
}

function send(response: ServerResponse, reply: Reply): void {
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  if ("html" in reply) {
    response.setHeader(
      "content-security-policy",
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    );
    end(response, "text/html; charset=utf-8", reply.html);
  } else if ("bytes" in reply) {
    end(response, "application/octet-stream", reply.bytes);
  } else {
    response.statusCode = reply.status ?? 200;
    end(response, "application/json", JSON.stringify(reply.json));
  }
}

function end(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.setHeader("content-type", type);
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(body);
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown, hello: () => object): void {
  const status = error instanceof HttpError ? error.status : 500;
  const mistake = error instanceof HttpError ? error.mistake : undefined;
  for (const [name, value] of Object.entries(error instanceof HttpError ? error.headers : {})) {
    response.setHeader(name, value);
  }
  const refusal: Refusal = {
    error: mistake
      ? { code: mistake.code, message: mistake.message, problems: mistake.problems }
      : { message: `the agent failed: ${(error as Error).message}`, problems: [] },
  };
  if (!request.complete) {
    response.setHeader("connection", "close");
    response.once("finish", () => {
      request.resume();
      setTimeout(() => request.destroy(), LINGER_MS).unref();
    });
  }
  send(response, { status, json: mistake?.code === "target/stale" ? { ...refusal, hello: hello() } : refusal });
}

const tooLarge = (most: number): HttpError =>
  new HttpError(
    413,
    new UserError("target/limits", {
      at: "the request's body",
      got: "too large",
      want: `at most ${most} bytes`,
      fix: "This agent takes no larger model or input.",
    }),
  );

const tooSlow = (withinMs: number): HttpError =>
  new HttpError(
    408,
    new UserError("target/limits", {
      at: "the request's body",
      got: "too slow",
      want: `all of it within ${withinMs / 1000} s`,
      fix: "The connection to the agent is too slow for this model.",
    }),
  );

const full = (most: number): HttpError =>
  new HttpError(
    429,
    new UserError("target/limits", {
      at: "the agent",
      got: "busy with other requests' bodies",
      want: `at most ${most} bytes at once`,
      fix: "Ask again in 1 s.",
    }),
    { "retry-after": "1" },
  );

const changed = (): HttpError =>
  new HttpError(
    401,
    new UserError("target/token", {
      at: "the request's body",
      got: "another than was signed",
      want: "the body that the signature names",
      fix: "Something between you and the agent changed it: use https.",
    }),
  );
