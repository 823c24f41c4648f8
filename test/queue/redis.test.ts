/** Redis is tried before it is used: a connection that is cut off once is not a wrong address. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { checkQueue } from "../../src/queue/redis.js";
import { hasRedis, needsRedis, startRedis } from "./redis-server.js";

/** A server before Redis that cuts off its first callers: as many as `cuts`. */
async function cutsOff(cuts: number, port: number): Promise<{ url: string; calls: () => number }> {
  let calls = 0;
  const open = new Set<Socket>();
  const server = createServer((caller) => {
    open.add(caller);
    caller.on("error", () => undefined);
    if (++calls <= cuts) {
      caller.once("data", () => caller.resetAndDestroy());
      return;
    }
    const redis = connect(port, "127.0.0.1");
    open.add(redis);
    redis.on("error", () => undefined);
    caller.pipe(redis).pipe(caller);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls };
}

test.skipIf(!hasRedis)(
  `a Redis that is just started again cuts off once, and is tried again${needsRedis}`,
  async () => {
    const { port } = await startRedis();
    const server = await cutsOff(1, port);
    await checkQueue(server.url);
    expect(server.calls()).toBe(2);
  },
);

test("a server that cuts off each time is named", async () => {
  const server = await cutsOff(Infinity, 0);
  await expect(checkQueue(server.url)).rejects.toMatchObject({
    code: "queue/redis",
    message: expect.stringContaining("a server that cuts the connection off") as string,
  });
  expect(server.calls()).toBe(2);
});
