/** A Redis of a test's own: on a free port, in a folder that goes with it. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { Redis } from "ioredis";
import { freePort } from "../free-port.js";
import { temporaryFolder } from "../temporary-folder.js";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
/** For the names of tests that need it. */
export const needsRedis = hasRedis ? "" : " (skipped: install redis-server)";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Ends it without warning, and starts it on the same files. */
  readonly killAndRestart: (meanwhile?: () => Promise<unknown>) => Promise<void>;
}

/** Keeps what it acknowledged through kill −9. */
export const startRedis = (...options: readonly string[]): Promise<RedisServer> => start(options);

/** A server's certificate, and who signed it: PEM files. */
export interface ServerTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** As `startRedis`, over TLS alone. */
export function startTlsRedis({ ca, cert, key }: ServerTls, ...options: readonly string[]): Promise<RedisServer> {
  const files = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", ca];
  return start(["--tls-auth-clients", "no", ...files, ...options], "tls");
}

async function start(options: readonly string[], over: "plain" | "tls" = "plain"): Promise<RedisServer> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const ports = over === "tls" ? ["--port", "0", "--tls-port", `${port}`] : ["--port", `${port}`];
  let server: ChildProcess;
  const begin = async (): Promise<void> => {
    const kept = ["--dir", folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    server = spawn("redis-server", [...ports, "--bind", "127.0.0.1", ...kept, ...options], {
      stdio: "ignore",
    });
    while (!(await answers(port, over))) await delay(20);
  };
  await begin();
  onTestFinished(() => void server.kill("SIGKILL"));
  return {
    url: `${over === "tls" ? "rediss" : "redis"}://127.0.0.1:${port}`,
    port,
    async killAndRestart(meanwhile) {
      const gone = once(server, "exit");
      server.kill("SIGKILL");
      await gone;
      await meanwhile?.();
      await begin();
    },
  };
}

/** Also one that asks for a password, or for a certificate. */
async function answers(port: number, over: "plain" | "tls"): Promise<boolean> {
  const redis = new Redis(port, "127.0.0.1", {
    ...{ lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 },
    // Whether it is there is asked here, not who it is.
    ...(over === "tls" && { tls: { rejectUnauthorized: false } }),
  });
  let reason = "";
  redis.on("error", (error: Error) => (reason = error.message));
  try {
    await redis.connect();
    await redis.ping();
    return true;
  } catch (error) {
    return /NOAUTH|ECONNRESET|certificate required/.test(`${String(error)} ${reason}`);
  } finally {
    redis.disconnect();
  }
}
