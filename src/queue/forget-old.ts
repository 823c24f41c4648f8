/**
 * A search that is killed, or interrupted and never resumed, leaves jobs that nobody asks for any more. A queue in which nothing has happened
 * for as long as results are kept goes as a whole; a search that still waits for a job of it asks again.
 */
import type { Redis } from "ioredis";
import { KEPT_S, PREFIX } from "./jobs.js";
import type { OpenRedis } from "./redis.js";

/** BullMQ notes in it what happens in a queue; its entries are named by Redis's clock. */
const EVENTS = ":events";

export async function forgetOld({ bullmq, commands }: OpenRedis): Promise<void> {
  for (const name of await oldQueues(commands)) {
    const queue = new bullmq.Queue(name, { connection: commands, prefix: PREFIX });
    queue.on("error", () => undefined);
    await queue.obliterate({ force: true });
    await queue.close();
  }
}

async function oldQueues(commands: Redis): Promise<readonly string[]> {
  const [seconds] = await commands.time();
  const old: string[] = [];
  let cursor = "0";
  do {
    const [next, keys] = await commands.scan(cursor, "MATCH", `${PREFIX}:*${EVENTS}`, "COUNT", 1000);
    for (const key of keys) {
      const [last] = await commands.xrevrange(key, "+", "-", "COUNT", 1);
      const lastMs = Number(last?.[0].split("-")[0]);
      if (lastMs < 1000 * (Number(seconds) - KEPT_S)) old.push(key.slice(PREFIX.length + 1, -EVENTS.length));
    }
    cursor = next;
  } while (cursor !== "0");
  return old;
}
