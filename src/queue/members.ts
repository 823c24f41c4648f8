/**
 * Who works through this Redis now: every search and every worker says again and again what it is, and is forgotten soon after it has
 * stopped doing so. Redis's clock decides.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Environment } from "../target/environment.js";
import { PREFIX } from "./jobs.js";
import { identitySchema } from "./run-identity.js";

const KEY = `${PREFIX}:members`;
const SAID_EVERY_MS = 3000;
/** A member that a busy machine keeps from speaking is still one. */
const FORGOTTEN_AFTER_S = 15;

const environmentSchema = z.looseObject({
  cpu: z.string().max(500),
  cores: z.number(),
  cpuFlags: z.array(z.string().max(100)).max(500).readonly(),
  governor: z.string().max(100),
  memoryGiB: z.number(),
  os: z.string().max(500),
  node: z.string().max(100),
  onnxruntime: z.string().max(100),
  executionProvider: z.string().max(100),
  threads: z.number(),
}) satisfies z.ZodType<Omit<Environment, "state" | "browser">>;

const memberSchema = z.strictObject({
  id: z.string().max(64),
  host: z.string().max(256),
  pid: z.int(),
  does: z.enum(["search", "judge", "time"]),
  run: identitySchema,
  /** The targets of a member that times, by name. */
  targets: z.record(z.string(), environmentSchema),
});

export type Member = z.output<typeof memberSchema>;

export interface Members {
  /** All that spoke lately, this one left out. */
  others(): Promise<readonly Member[]>;
  /** Says at once that this one has gone. */
  leave(): Promise<void>;
}

/** Becomes a member. */
export async function join(commands: Redis, what: Pick<Member, "does" | "run" | "targets">): Promise<Members> {
  const member: Member = { id: randomUUID(), host: hostname(), pid: process.pid, ...what };
  const text = JSON.stringify(member);
  const now = async (): Promise<number> => Number((await commands.time())[0]);
  const say = async (): Promise<void> => {
    await commands.zadd(KEY, (await now()) + FORGOTTEN_AFTER_S, text);
  };
  await say();
  const timer = setInterval(() => {
    say().catch(() => undefined);
  }, SAID_EVERY_MS);
  timer.unref();
  return {
    async others() {
      await commands.zremrangebyscore(KEY, "-inf", `(${await now()}`);
      const texts = await commands.zrange(KEY, "0", "-1");
      return texts.flatMap((one) => memberOf(one) ?? []).filter(({ id }) => id !== member.id);
    },
    async leave() {
      clearInterval(timer);
      if (commands.status === "ready") await commands.zrem(KEY, text).catch(() => undefined);
    },
  };
}

/** Others may write there, too: what is no member is passed over. */
function memberOf(text: string): Member | undefined {
  try {
    return memberSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
