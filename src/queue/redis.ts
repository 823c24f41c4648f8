/** Redis, by BullMQ and ioredis, which are loaded here and nowhere else: without a queue nobody needs them. */
import { setTimeout as delay } from "node:timers/promises";
import type * as BullMq from "bullmq";
import type { Redis } from "ioredis";
import { UserError } from "../base/user-error.js";
import { PREFIX } from "./jobs.js";

/** The versions that nestling is tested with; package.json names them, too. */
const WANTED = "bullmq@6.7.0 ioredis@6.0.0";
const CONNECT_MS = 10_000;
/** Longest pause before Redis is asked again. */
const RETRY_MS = 1000;
/** Pause before a connection that was cut off is tried again. */
const CUT_RETRY_MS = 500;

/** An open Redis. */
export interface OpenRedis {
  readonly bullmq: typeof BullMq;
  /** The one connection for commands that end at once. Commands wait while Redis is away. */
  readonly commands: Redis;
  /** A further one, for commands that wait. */
  readonly connect: () => Redis;
  /** Ends every connection, after what is to be done before; a Redis that is away isn't waited for. */
  readonly close: (before: Promise<unknown>) => Promise<void>;
}

/**
 * Opens Redis and tries it.
 * @param url redis://[name:password@]host[:port][/number], or rediss:// for TLS
 * @param onAway called when Redis went away, and every connection waits for it
 * @throws UserError `queue/url`, `queue/packages` where BullMQ or ioredis is not installed, `queue/redis`
 */
export async function openRedis(url: string, onAway: (shown: string) => void = () => undefined): Promise<OpenRedis> {
  const { shown, bullmq, ioredis } = await triedRedis(url);
  const open: Redis[] = [];
  const connect = (): Redis => {
    const connection = new ioredis.Redis(url, settings);
    // ioredis connects again by itself.
    connection.on("error", () => undefined);
    open.push(connection);
    return connection;
  };
  const commands = connect();
  let isAway = false;
  commands.on("ready", () => (isAway = false));
  commands.on("reconnecting", () => {
    if (!isAway) onAway(shown);
    isAway = true;
  });
  return {
    ...{ bullmq, commands, connect },
    async close(before) {
      // A job at hand is finished first, as long as Redis answers.
      const gone = new Promise<void>((resolve) => {
        const look = setInterval(() => {
          if (!isAway) return;
          clearInterval(look);
          resolve();
        }, 100);
        void before.catch(() => undefined).finally(() => clearInterval(look));
      });
      await Promise.race([before.catch(() => undefined), gone]);
      for (const connection of open) connection.disconnect();
    },
  };
}

/**
 * Whether a queue can be opened: for commands that do long work before they open it.
 * @throws UserError as `openRedis`
 */
export async function checkQueue(url: string): Promise<void> {
  await triedRedis(url);
}

async function triedRedis(url: string) {
  const shown = shownUrl(url);
  const { bullmq, ioredis } = await packages();
  const { pathname, protocol } = new URL(url);
  // ioredis would use another database where there is none of this number.
  const database = Number(pathname.slice(1));
  const isTls = protocol === "rediss:";
  const trial = (): Promise<void> =>
    tried(new ioredis.Redis(url, { ...settings, lazyConnect: true, retryStrategy: () => null }), database, isTls);
  try {
    await trial().catch(async (error: unknown) => {
      // A Redis that is just being started again cuts off once, a server that expects something else each time.
      if (!isCut(error)) throw error;
      await delay(CUT_RETRY_MS);
      await trial();
    });
  } catch (error) {
    throw refused(shown, error);
  }
  return { shown, bullmq, ioredis };
}

const isCut = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ECONNRESET";

const settings = {
  // As BullMQ asks for: a command waits until Redis is back.
  maxRetriesPerRequest: null,
  connectTimeout: CONNECT_MS,
  retryStrategy: (times: number) => Math.min(50 * times, RETRY_MS),
};

/**
 * The address without name and password.
 * @throws UserError `queue/url`
 */
function shownUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isRedis = parsed && ["redis:", "rediss:"].includes(parsed.protocol) && parsed.hostname !== "";
  if (!isRedis || !/^(?:\/\d{0,5})?$/.test(parsed.pathname)) {
    throw new UserError("queue/url", {
      at: "the queue's address",
      // What comes before @ may be a password, also where this is no address.
      got: JSON.stringify(url.replace(/^.*@/s, "…@")),
      want: "redis://HOST:PORT, or rediss://HOST:PORT for TLS",
      fix: "Name and password go before the host, as in redis://name:password@host:6379.",
    });
  }
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

async function packages(): Promise<{ bullmq: typeof BullMq; ioredis: { Redis: typeof Redis } }> {
  try {
    const [bullmq, ioredis] = await Promise.all([import("bullmq"), import("ioredis")]);
    return { bullmq, ioredis };
  } catch (error) {
    throw new UserError(
      "queue/packages",
      {
        at: "what a queue needs",
        got: "missing",
        want: WANTED,
        fix: `Run npm install ${WANTED} (15 MB) on each machine.`,
      },
      { cause: error },
    );
  }
}

/** @throws what Redis, or the way there, has against it */
async function tried(connection: Redis, database: number, isTls: boolean): Promise<void> {
  let reason: unknown;
  connection.on("error", (error: unknown) => (reason = error));
  // Over TLS, once hands are shaken.
  let isConnected = false;
  connection.on("connect", () => (isConnected = true));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const what = isTls && !isConnected ? "TLS handshake" : "answer";
      reject(new Error(`no ${what} in ${CONNECT_MS / 1000} seconds`));
    }, CONNECT_MS);
  });
  try {
    const trial = async (): Promise<void> => {
      await connection.connect();
      await connection.select(database);
      // What a queue does: scripts that write.
      await connection.eval("return redis.call('set', KEYS[1], '1', 'PX', 1)", 1, `${PREFIX}:trial`);
    };
    await Promise.race([trial(), late]);
  } catch (error) {
    throw reason ?? error;
  } finally {
    clearTimeout(timer);
    connection.disconnect();
  }
}

function refused(at: string, error: unknown): UserError {
  const { message, code } = error as NodeJS.ErrnoException;
  const refusal = refusals.find(([pattern]) => pattern.test(message));
  const problem = refusal
    ? { at, got: refusal[1], want: "a Redis that lets nestling in", fix: refusal[2] }
    : {
        at,
        got: `no Redis that answers (${message || String(code)})`,
        want: "a running Redis",
        fix: "Start one (redis-server --appendonly yes), or give another address; docs/many-machines.md.",
      };
  return new UserError("queue/redis", problem, { cause: error });
}

const PASSWORD = "Put name and password into the address: redis://name:password@host:6379.";

/** What Redis says, what it means, and what to do. */
const refusals: readonly (readonly [RegExp, string, string])[] = [
  [/NOAUTH/, "a Redis that asks for a password", PASSWORD],
  [/WRONGPASS|invalid password|without any password/, "a Redis that refuses this name and password", PASSWORD],
  [
    /NOPERM|can't run this command/,
    "a Redis whose user may not do what a queue does",
    "Give a user that may use every command on keys that begin with nestling: (docs/many-machines.md).",
  ],
  [/DB index/, "a Redis without a database of this number", "Leave the number out, or give one that is there."],
  [/protected mode/i, "a Redis in protected mode", "Give it a password, as its documentation says."],
  [
    /ECONNRESET|certificate required/,
    "a server that cuts the connection off",
    "Over TLS, write rediss://; a Redis that asks its callers for certificates needs --tls-auth-clients no and a password.",
  ],
  [
    // A Redis that speaks no TLS reads the handshake as a command, and waits for its end.
    /no TLS handshake/,
    "a server that shakes no hands over TLS within 10 seconds",
    "Where its port is a plain one, write redis://; else check address, port and firewall.",
  ],
  [
    /altnames/,
    "a server whose certificate is of another name",
    "Write the host as its certificate has it, or give it one for this name.",
  ],
  [/expired/, "a server whose certificate has expired", "Give it a new one."],
  [
    /certificate|issuer/,
    "a server whose certificate this machine doesn't trust",
    "Put the file (PEM) of the authority that signed it into NODE_EXTRA_CA_CERTS, on each machine.",
  ],
];
