/** A thread that decodes pictures and prepares them: the file's bytes in, pixels out. */
import { parentPort } from "node:worker_threads";
import sharp from "sharp";
import { decodePicture } from "./decode-picture.js";
import type { PictureAnswer, PictureOrder } from "./picture-crew.js";
import { prepare } from "./preprocessing.js";

// Many pictures are decoded at once: one with many threads, or a cache of what never comes again, gains nothing.
sharp.concurrency(1);
sharp.cache(false);

async function pixelsOf({ id, bytes, channels, resolution }: PictureOrder): Promise<PictureAnswer> {
  try {
    // A copy: what sharp made may not leave this thread.
    return { id, pixels: new Uint8Array(prepare(await decodePicture(bytes, channels), resolution)) };
  } catch (error) {
    return { id, failure: (error as Error).message };
  }
}

parentPort!.on("message", (order: PictureOrder) => {
  void pixelsOf(order).then((answer) =>
    parentPort!.postMessage(answer, "pixels" in answer ? [answer.pixels.buffer as ArrayBuffer] : []),
  );
});
