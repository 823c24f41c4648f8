/** Whoever dies without warning, nothing is lost and nothing is counted twice. test/exact has 30 moments. */
import { expect, test } from "vitest";
import { killAtRandom } from "./kills.js";
import { hasRedis, needsRedis } from "./redis-server.js";

test.skipIf(!hasRedis)(
  `worker, search and Redis killed at 6 random moments: search.json has the bytes of one machine's${needsRedis}`,
  async () => {
    const { kills } = await killAtRandom(6, 1);
    expect(kills).toEqual({ worker: 2, search: 2, redis: 2 });
  },
);
