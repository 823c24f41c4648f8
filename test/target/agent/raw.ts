/** Requests as anyone may send them, well signed or not. */
import { createHash } from "node:crypto";
import { Agent as Connections, request as start } from "node:http";
import { onTestFinished } from "vitest";
import type { Hello, Refusal } from "../../../src/target/agent/protocol.js";
import { authorization, newNonce } from "../../../src/target/agent/signature.js";
import { tokenText } from "./agents.js";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
  readonly code: string | undefined;
}

export interface Raw {
  readonly hello: Hello;
  /** Signed with the token of tests, unless `headers` says otherwise. */
  send(method: string, path: string, body?: Uint8Array | string, headers?: Record<string, string>): Promise<RawAnswer>;
  signature(method: string, path: string, body?: Uint8Array | string, token?: string): string;
}

export async function rawClient(url: string): Promise<Raw> {
  const agent = new Connections({ keepAlive: true, maxSockets: 64 });
  onTestFinished(() => agent.destroy());
  const exchange = (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: Uint8Array | string,
  ): Promise<RawAnswer> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      // Not through URL, which would resolve the dots of a path.
      const request = start({ hostname, port, path, method, agent, headers }, (response) => {
        const chunks: Uint8Array[] = [];
        response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const whole = Buffer.concat(chunks);
          resolve({ status: response.statusCode!, headers: response.headers, body: whole, code: codeOf(whole) });
        });
      });
      request.on("error", reject);
      request.end(body);
    });
  const { body } = await exchange("GET", "/v1/agent", {});
  const hello = JSON.parse(new TextDecoder().decode(body)) as Hello;
  const signature: Raw["signature"] = (method, path, content = "", token = tokenText) =>
    authorization(token, {
      method,
      path,
      agent: hello.id,
      date: Date.now(),
      nonce: newNonce(),
      body: createHash("sha256").update(content).digest("hex"),
    });
  return {
    hello,
    signature,
    send: (method, path, content, headers = { authorization: signature(method, path, content) }) =>
      exchange(method, path, headers, content),
  };
}

function codeOf(body: Uint8Array): string | undefined {
  try {
    return (JSON.parse(new TextDecoder().decode(body)) as Refusal).error.code;
  } catch {
    return undefined;
  }
}
