import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { pixelRoom } from "../../src/serve/pixel-room.js";

test("so many pixels at once, in the order of the callers; who has more than all is alone; who fails makes room", async () => {
  const room = pixelRoom(10);
  const [running, order]: [Set<number>, number[]] = [new Set(), []];
  let most = 0;
  const use = (id: number, pixels: number): Promise<number> =>
    room(pixels, async () => {
      running.add(pixels * 1000 + id);
      order.push(id);
      most = Math.max(
        most,
        [...running].reduce((sum, one) => sum + Math.floor(one / 1000), 0),
      );
      for (let i = 0; i < 3; i++) await turn();
      running.delete(pixels * 1000 + id);
      if (id === 2) throw new Error("can't be read");
      return id;
    });
  const sizes = [4, 6, 1, 9, 5, 5, 1];
  const done = await Promise.allSettled(sizes.map((pixels, id) => use(id, pixels)));
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(10);
  expect(done.map(({ status }) => status)).toEqual(sizes.map((_, id) => (id === 2 ? "rejected" : "fulfilled")));
  most = 0;
  await Promise.all([use(0, 25), use(1, 1)]);
  expect(most).toBe(25);
});
