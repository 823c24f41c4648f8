/** A thread that makes pixels of pictures: the file's bytes in, pixels out. */
import { parentPort } from "node:worker_threads";
import sharp from "sharp";
import { makePixels } from "./make-pixels.js";
import type { PictureAnswer, PictureOrder } from "./picture-crew.js";

// Many pictures are decoded at once: one with many threads, or a cache of what never comes again, gains nothing.
sharp.concurrency(1);
sharp.cache(false);

async function answerTo({ id, ...order }: PictureOrder): Promise<PictureAnswer> {
  try {
    const { pixels, ...rest } = await makePixels(order);
    // A copy: what sharp made may not leave this thread.
    return { id, pixels: new Uint8Array(pixels), ...rest };
  } catch (error) {
    return { id, failure: (error as Error).message };
  }
}

parentPort!.on("message", (order: PictureOrder) => {
  void answerTo(order).then((answer) =>
    parentPort!.postMessage(answer, "pixels" in answer ? [answer.pixels.buffer as ArrayBuffer] : []),
  );
});
