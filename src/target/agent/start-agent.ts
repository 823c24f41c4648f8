/** A device agent: this machine as a target of others. */
import { UserError } from "../../base/user-error.js";
import { onnxruntime } from "../../runtime/onnxruntime.js";
import { addressOf, isLoopback, listenOn, tlsOf } from "../listen.js";
import { gate } from "./gate.js";
import { httpServer } from "./http-server.js";
import { defaultLimits, type AgentLimits } from "./limits.js";
import { helloOf, routes } from "./routes.js";
import { sessions } from "./sessions.js";
import { ownToken, readToken } from "./token.js";

/** How an agent listens, and to whom. */
export interface AgentOptions {
  /** An address of this machine: 127.0.0.1 by default, which no other machine reaches. */
  readonly host?: string | undefined;
  /** 8473 by default; 0 for any that is free. */
  readonly port?: number | undefined;
  /** File with the token of its callers; by default it is made at the first start and kept in the user's data folder. */
  readonly tokenFile?: string | undefined;
  /** Files in PEM: its certificate with those that signed it, and its key. With them it speaks https, and any host is allowed. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** File in PEM: who signs its callers' certificates. With it, callers need one (mutual TLS). */
  readonly clientCa?: string | undefined;
  /** What differs from the default limits. */
  readonly limits?: Partial<AgentLimits>;
}

/** An agent that listens. */
export interface Agent {
  /** Its address: `http://127.0.0.1:8473`. */
  readonly url: string;
  /** Where its token is. */
  readonly tokenFile: string;
  /** The token, where this start made it. */
  readonly newToken?: string;
  /** Ends every session and stops listening. */
  close(): Promise<void>;
}

/** Beside nothing that is registered. */
export const defaultPort = 8473;

/**
 * Starts an agent: `agentTarget` measures on it. docs/agent.md says what it guards against.
 * @throws UserError `target/token-file`, `target/certificate`, `target/listen`
 */
export async function startAgent(options: AgentOptions = {}): Promise<Agent> {
  const { host = "127.0.0.1", port = defaultPort, tokenFile } = options;
  const tls = await tlsOf(options, "the agent", "docs/agent.md");
  if (!tls && !isLoopback(host)) throw inTheOpen(host);
  const { token, file, isNew } =
    tokenFile === undefined ? await ownToken() : { ...given(tokenFile), token: await readToken(tokenFile) };
  // Where it is missing it is fetched here: sessions may do nothing but run models.
  await onnxruntime();
  const limits = { ...defaultLimits(), ...options.limits };
  const guard = gate(token);
  const queue = sessions(limits);
  const server = httpServer(routes(guard.id, queue, limits), guard, limits, {
    ...(tls && { tls }),
    hello: () => helloOf(guard.id),
  });
  const stop = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await queue.close();
  };
  const actual = await listenOn(server, host, port).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url: addressOf(tls ? "https" : "http", host, actual),
    tokenFile: file,
    ...(isNew && { newToken: token }),
    close: stop,
  };
}

const given = (file: string) => ({ file, isNew: false });

const inTheOpen = (host: string): UserError =>
  new UserError("target/listen", {
    at: "the agent's host",
    got: `${host} without a certificate`,
    want: "https, where other machines reach it",
    fix: "Give a certificate and a key, or keep 127.0.0.1 and reach it by `ssh -L`.",
  });
