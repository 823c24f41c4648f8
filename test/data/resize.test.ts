import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { resizePart } from "../../src/data/pictures/pillow-resize.js";
import { resizeImages } from "../../src/data/resize.js";

interface Golden {
  readonly pillow: string;
  /** Three images per case: Pillow's answer in floats (mode F) and in bytes (mode L). */
  readonly cases: readonly { from: number; to: number; float: number[][]; bytes: number[][] }[];
}

const golden = JSON.parse(
  await readFile(new URL("../../fixtures/golden/resize-pillow.json", import.meta.url), "utf8"),
) as Golden;

/** scripts/make-golden.py makes the same ones. */
const image = (side: number, channel: number): number[] =>
  Array.from({ length: side * side }, (_, i) => (i * i * (7 + channel) + 13 * i) % 256);

test.each(golden.cases)("$from px to $to px are Pillow's BILINEAR, to the last bit", ({ from, to, float }) => {
  const images = Float32Array.from([0, 1, 2].flatMap((channel) => image(from, channel)));
  const resized = resizeImages(images, { count: 3, from, to, channels: 1 });
  expect([...resized]).toEqual(float.flat());
});

test.each(golden.cases)("$from px to $to px: channels are resized each for itself", ({ from, to, float }) => {
  const planes = [0, 1, 2].map((channel) => image(from, channel));
  const interleaved = Float32Array.from({ length: 3 * from * from }, (_, i) => planes[i % 3]![Math.floor(i / 3)]!);
  const resized = resizeImages(interleaved, { count: 1, from, to, channels: 3 });
  const back = [0, 1, 2].map((channel) => [...resized].filter((_, i) => i % 3 === channel));
  expect(back).toEqual(float);
});

test.each(golden.cases)(
  "$from px to $to px: bytes are Pillow's, to the last bit, whole and in part",
  ({ from, to, bytes }) => {
    bytes.forEach((wanted, channel) => {
      const picture = {
        width: from,
        height: from,
        channels: 1,
        pixels: Uint8Array.from(image(from, channel)),
      } as const;
      const size = { width: to, height: to };
      const whole = resizePart(picture, size, { left: 0, top: 0, ...size });
      expect([...whole]).toEqual(wanted);
      const part = resizePart(picture, size, { left: 1, top: 2, width: to - 2, height: to - 3 });
      const cut = wanted.filter(
        (_, i) => i % to >= 1 && i % to < to - 1 && Math.floor(i / to) >= 2 && i < to * (to - 1),
      );
      expect([...part]).toEqual(cut);
    });
  },
);
