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
export async function startRedis(...options: readonly string[]): Promise<RedisServer> {
  const folder = await temporaryFolder();
  const port = await freePort();
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    const kept = ["--dir", folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    server = spawn("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", ...kept, ...options], {
      stdio: "ignore",
    });
    while (!(await answers(port))) await delay(20);
  };
  await start();
  onTestFinished(() => void server.kill("SIGKILL"));
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async killAndRestart(meanwhile) {
      const gone = once(server, "exit");
      server.kill("SIGKILL");
      await gone;
      await meanwhile?.();
      await start();
    },
  };
}

/** Also one that asks for a password. */
async function answers(port: number): Promise<boolean> {
  const redis = new Redis(port, "127.0.0.1", { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  let reason = "";
  redis.on("error", (error: Error) => (reason = error.message));
  try {
    await redis.connect();
    await redis.ping();
    return true;
  } catch (error) {
    return /NOAUTH/.test(`${String(error)} ${reason}`);
  } finally {
    redis.disconnect();
  }
}
