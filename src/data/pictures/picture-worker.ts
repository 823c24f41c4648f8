/** A thread that makes pixels of pictures: the file's bytes in, pixels out, in memory that both threads share. */
import { parentPort } from "node:worker_threads";
import sharp from "sharp";
import { makePixels } from "./make-pixels.js";
import type { PictureAnswer, PictureOrder } from "./picture-crew.js";

// Many pictures are decoded at once: one with many threads, or a cache of what never comes again, gains nothing.
sharp.concurrency(1);
sharp.cache(false);

async function answerTo({ id, ...order }: PictureOrder): Promise<PictureAnswer> {
  try {
    return { id, whole: await makePixels(order) };
  } catch (error) {
    return { id, failure: (error as Error).message };
  }
}

parentPort!.on("message", (order: PictureOrder) => {
  void answerTo(order).then((answer) => parentPort!.postMessage(answer));
});
