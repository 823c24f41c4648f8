/** Pixels of what a browser can show: upright by EXIF, colour profiles ignored, as the model's certificate says. */
import type { Picture } from "../pixels.js";

export interface Pixels extends Picture {
  readonly data: Uint8Array<ArrayBuffer>;
}

/** @throws DOMException where the browser can't read it */
export const decode = (file: Blob): Promise<ImageBitmap> =>
  createImageBitmap(file, {
    imageOrientation: "from-image",
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });

/** Phones give a canvas about 16 million pixels, and photographs may have more: it gets a strip at a time. */
const MOST_PIXELS = 2 ** 22;

/** @returns [height, width, 4] of bytes */
export function pixelsOf(source: ImageBitmap | HTMLVideoElement): Pixels {
  const [width, height] =
    source instanceof HTMLVideoElement ? [source.videoWidth, source.videoHeight] : [source.width, source.height];
  const rows = Math.min(height, Math.max(1, Math.floor(MOST_PIXELS / width)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height: rows });
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  const data = new Uint8Array(width * height * 4);
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(source, 0, -top);
    data.set(context.getImageData(0, 0, width, count).data, top * width * 4);
  }
  return { width, height, channels: 4, data };
}
