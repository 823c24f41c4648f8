/** The page's server: files by a table, and one WebSocket, for those who have the link's token. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { listenOn } from "../listen.js";
import type { PageFile } from "./page-files.js";
import { PROTOCOL } from "./protocol.js";

export interface PageServer {
  readonly port: number;
  close(): void;
}

export interface Served {
  readonly files: ReadonlyMap<string, PageFile>;
  readonly token: string;
  readonly tls: ServerOptions | undefined;
  readonly host: string;
  readonly port: number;
  /** @param page drawn by the page, the same after it reloads */
  readonly onPage: (socket: WebSocket, page: string) => void;
}

/** The browser then gives the page a fine clock and threads; nothing else may frame it, and it may reach nothing else. */
const headers = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'unsafe-inline'",
    "connect-src 'self' ws: wss:",
    "img-src data:",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Outputs are the largest of what a page sends. */
const MOST_BYTES = 256 * 2 ** 20;

/** @throws UserError `target/listen` */
export async function pageServer({ files, token, tls, host, port, onPage }: Served): Promise<PageServer> {
  const isToken = (text = ""): boolean => timingSafeEqual(hashOf(text), hashOf(token));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path] = (request.url ?? "").split("?") as [string];
    const file = files.get(path);
    if (!file?.isOpen && !cookiesOf(request).some(isToken)) {
      refuse(response, 401);
      return;
    }
    if (!file || !["GET", "HEAD"].includes(request.method ?? "")) {
      refuse(response, 404);
      return;
    }
    const bytes = await file.read();
    response.writeHead(200, {
      ...headers,
      "content-type": file.type === "application/wasm" ? file.type : `${file.type}; charset=utf-8`,
      "content-length": bytes.length,
      "cache-control": file.isKept ? "private, max-age=31536000, immutable" : "no-store",
    });
    response.end(request.method === "HEAD" ? undefined : bytes);
  };
  const listener: RequestListener = (request, response) => {
    answer(request, response).catch(() => response.destroy());
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => PROTOCOL,
  });
  server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on("error", () => stream.destroy());
    const [path, query] = (request.url ?? "").split("?");
    const [protocol, given] = (request.headers["sec-websocket-protocol"] ?? "").split(/, ?/);
    if (protocol !== PROTOCOL || !isToken(given)) return stream.end(refusal(401));
    if (path !== "/socket") return stream.end(refusal(404));
    const page = new URLSearchParams(query).get("page") ?? "";
    sockets.handleUpgrade(request, stream, head, (socket) => onPage(socket, page));
  });
  const actual = await listenOn(server, host, port);
  return {
    port: actual,
    close() {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}

const refuse = (response: ServerResponse, status: number): void => {
  response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8" });
  response.end(status === 401 ? "Open the link that nestling shows.\n" : "Not found.\n");
};

const refusal = (status: number): string =>
  `HTTP/1.1 ${status} ${status === 401 ? "Unauthorized" : "Not Found"}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;

const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Browsers give a host's cookies to all its ports, so the page names its own by its port; any that has the token will do. */
const cookiesOf = ({ headers: { cookie = "" } }: IncomingMessage): string[] =>
  cookie.split("; ").map((pair) => pair.slice(pair.indexOf("=") + 1));
