/** Images to be judged are read batch by batch: few are in memory, and what was prepared once is kept while there is room. */
import { beforeEach, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { batchesOf, readBatches, type ImageBlock } from "../../src/data/image-block.js";
import { imagesInMemory } from "../../src/data/images-in-memory.js";
import type { Images } from "../../src/data/images.js";
import { keepingPrepared } from "../../src/data/keeping-prepared.js";
import { floatBlock } from "../float-block.js";

test("batches hold every image once, in order, and the next is read while one is used", async () => {
  const draw = random("blocks");
  const images = Float32Array.from({ length: 7 * 4 }, () => draw.normal());
  const asked: number[] = [];
  const inner = floatBlock({ images, count: 7, resolution: 2, channels: 1 });
  const block: ImageBlock = { ...inner, read: (from, to) => (asked.push(from), inner.read(from, to)) };
  const got: number[] = [];
  for await (const batch of readBatches(block, batchesOf(7, 3))) {
    expect(batch.from * 4).toBe(got.length);
    got.push(...batch.images);
    expect(asked.at(-1)).toBe(Math.min(6, batch.from + 3));
  }
  expect(got).toEqual([...images]);
  expect(asked).toEqual([0, 3, 6]);
});

test("a picture that can't be read is thrown where its batch is asked for, and by nobody who stops before", async () => {
  const inner = floatBlock({ images: new Float32Array(12), count: 3, resolution: 2, channels: 1 });
  const block: ImageBlock = {
    ...inner,
    read: (from, to) => (from === 1 ? Promise.reject(new Error("gone")) : inner.read(from, to)),
  };
  const batches = readBatches(block, batchesOf(3, 1));
  expect((await batches.next()).value).toMatchObject({ from: 0, count: 1 });
  await expect(batches.next()).rejects.toThrow("gone");
  for await (const { from } of readBatches(block, batchesOf(3, 1))) {
    expect(from).toBe(0);
    break;
  }
});

/** Images of 6 × 6 pixels, and how many of them were prepared. */
let prepared = 0;
function counted(): Images {
  const draw = random("pixels");
  const pixels = Uint8Array.from({ length: 5 * 36 }, () => draw.integer(256));
  const images = imagesInMemory({ count: 5, height: 6, width: 6, channels: 1, labels: new Uint16Array(5), pixels });
  return {
    ...images,
    read: (indices, ...wanted) => {
      prepared += indices.length;
      return images.read(indices, ...wanted);
    },
  };
}
beforeEach(() => (prepared = 0));

test.each([
  ["room for all: each is prepared once", 1000, 5],
  ["room for two: the others are prepared each time", 2 * 16, 5 + 3],
  ["no room: all are prepared each time", 0, 10],
])("%s, and none of it changes a pixel", async (_, bytes, times) => {
  const room = { bytes };
  const kept = keepingPrepared(counted(), room);
  const wanted = await counted().read([3, 1, 4, 0, 2], 4);
  prepared = 0;
  expect(await kept.read([3, 1, 4, 0, 2], 4)).toEqual(wanted);
  expect(await kept.read([3, 1, 4, 0, 2], 4)).toEqual(wanted);
  expect(prepared).toBe(times);
  const evaluation = { cropShare: 0.8, interpolation: "bicubic" } as const;
  expect(await kept.read([1, 2], 4, evaluation)).toEqual(await counted().read([1, 2], 4, evaluation));
  expect(room.bytes).toBe(Math.max(0, bytes - 7 * 16));
});
