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
  /** @throws what Node throws: ECONNREFUSED, ECONNRESET and the like */
  exchange(
    method: string,
    path: string,
    options: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
      readonly withinMs: number;
    },
  ): Promise<Exchange>;
  close(): void;
}

/** @param url of the agent, without a path */
export function httpClient(url: URL, tls: Pick<AgentOptions, "ca" | "cert" | "key">): HttpClient {
  const isTls = url.protocol === "https:";
  const agent = isTls ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
  const start = isTls ? httpsRequest : httpRequest;
  return {
    isTls,
    exchange: (method, path, { headers = {}, body, withinMs }) =>
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
        request.setTimeout(withinMs, () => {
          request.destroy(Object.assign(new Error(`no answer within ${withinMs / 1000} s`), { code: "ETIMEDOUT" }));
        });
        request.on("error", reject);
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
}
