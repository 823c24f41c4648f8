/** The kills of test/queue/kill.test.ts at full size. */
import { expect, test } from "vitest";
import { killAtRandom } from "../queue/kills.js";
import { hasRedis, needsRedis } from "../queue/redis-server.js";

test.skipIf(!hasRedis)(
  `worker, search and Redis killed at 30 random moments: search.json has the bytes of one machine's${needsRedis}`,
  async () => {
    const killed = await killAtRandom(30, 0);
    expect(killed.kills).toEqual({ worker: 10, search: 10, redis: 10 });
    process.stdout.write(`30 kills in ${killed.searches} searches\n`);
  },
);
