/** One HTTP exchange with an agent, over connections that stay open. */
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest, type AgentOptions } from "node:https";

export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

export interface HttpClient {
  readonly isTls: boolean;
  /** @throws what Node throws: ECONNREFUSED, ECONNRESET, ETIMEDOUT and the like, or the signal's reason */
  exchange(
    method: string,
    path: string,
    options: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
      /** Time without a byte. */
      readonly withinMs: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<Exchange>;
  close(): void;
}

/** A host that is there takes a connection at once, or after a lost packet; one that is off, or a firewall, may say nothing for minutes. */
const CONNECT_MS = 5000;

/** @param url of the agent, without a path */
export function httpClient(url: URL, tls: Pick<AgentOptions, "ca" | "cert" | "key">): HttpClient {
  const isTls = url.protocol === "https:";
  const agent = isTls ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
  const start = isTls ? httpsRequest : httpRequest;
  return {
    isTls,
    exchange: (method, path, { headers = {}, body, withinMs, signal }) =>
      new Promise((resolve, reject) => {
        const length = body ? { "content-length": `${body.length}` } : {};
        const request = start(new URL(path, url), { method, agent, headers: { ...headers, ...length } }, (response) => {
          const chunks: Uint8Array[] = [];
          response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
          });
        });
        request.setTimeout(withinMs, () => request.destroy(timedOut("answer", withinMs)));
        request.on("socket", (socket) => {
          if (!socket.connecting) return;
          const late = setTimeout(() => request.destroy(timedOut("connection", CONNECT_MS)), CONNECT_MS);
          for (const event of ["connect", "close"]) socket.once(event, () => clearTimeout(late));
        });
        const leave = (): void => void request.destroy(signal?.reason as Error);
        signal?.addEventListener("abort", leave);
        request.on("close", () => signal?.removeEventListener("abort", leave));
        request.on("error", reject);
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
}

const timedOut = (what: string, ms: number): Error =>
  Object.assign(new Error(`no ${what} within ${ms / 1000} s`), { code: "ETIMEDOUT" });
