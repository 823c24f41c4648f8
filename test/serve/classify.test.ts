/** Pictures over HTTP: labels with probabilities, and what is no picture or too large a one. */
import { deflateSync, crc32 } from "node:zlib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { decodePicture } from "../../src/data/pictures/decode-picture.js";
import { evaluationOf, normalize, prepare } from "../../src/data/preprocessing.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { aChild, binaryAnswer, binaryRequest, certificateOf, serving } from "./served-child.js";

test("a PNG and a JPEG of another size, turned by EXIF, get the probabilities of their prepared pixels", async () => {
  const child = await aChild();
  const { url } = await serving([child]);
  const { preprocessing, labels } = await certificateOf(child);
  const noise = await sharp({
    create: {
      width: 90,
      height: 61,
      channels: 3,
      background: "#888",
      noise: { type: "gaussian", mean: 128, sigma: 60 },
    },
  })
    .png()
    .toBuffer();
  const turned = await sharp(noise).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  for (const [type, bytes] of [
    ["image/png", noise],
    ["image/jpeg", turned],
  ] as const) {
    const response = await fetch(`${url}/v2/models/child/classify?top=100`, {
      method: "POST",
      body: bytes,
      headers: { "content-type": type },
    });
    const { classes, model_name } = (await response.json()) as {
      model_name: string;
      classes: { label: string; probability: number }[];
    };
    expect([response.status, model_name, classes.length]).toEqual([200, "child", labels.length]);
    expect(classes.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    const { channels, crop_size, image_mean: mean, image_std: std } = preprocessing;
    const side = crop_size.height;
    const pixels = prepare(await decodePicture(bytes, channels), side, evaluationOf(preprocessing));
    const values = toChannelsFirst(normalize(pixels, { mean, std }), 1, channels);
    const { logits } = await binaryAnswer(
      await fetch(`${url}/v2/models/child/infer`, binaryRequest(values, [1, channels, side, side])),
    );
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    for (const { label, probability } of classes)
      expect(probability).toBeCloseTo(Math.exp(logits[labels.indexOf(label)]!) / sum, 5);
    expect(classes.map(({ probability }) => probability)).toEqual(
      [...classes.map(({ probability }) => probability)].sort((a, b) => b - a),
    );
  }
});

/** A PNG that says it is so large; its pixels are zeros, compressed a thousand times. */
function bomb(width: number, height: number, rows: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.alloc((width + 1) * rows));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

test("a bomb, a broken picture, another kind and a wrong number: refused with the right status, and memory stays", async () => {
  const { url } = await serving([await aChild()]);
  const post = async (body: Buffer, type = "image/png", query = ""): Promise<[number, string]> => {
    const response = await fetch(`${url}/v2/models/child/classify${query}`, {
      method: "POST",
      body,
      headers: { "content-type": type },
    });
    return [response.status, ((await response.json()) as { error: string }).error];
  };
  const webp = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .webp()
    .toBuffer();
  const small = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  expect((await post(small))[0]).toBe(200);
  const before = process.memoryUsage.rss();
  expect(await post(bomb(30_000, 30_000, 2000))).toEqual([
    413,
    "the picture is 30000 × 30000; want at most 33554432 pixels",
  ]);
  expect(await post(bomb(6000, 6000, 6000))).toEqual([413, expect.stringContaining("6000 × 6000")]);
  expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(200);
  expect((await post(bomb(2_000_000_000, 2_000_000_000, 0)))[0]).toBeOneOf([400, 413]);
  expect(await post(bomb(5000, 5000, 10))).toEqual([400, expect.stringContaining("can't be read")]);
  expect(await post(small.subarray(0, small.length >> 1))).toEqual([400, expect.stringContaining("can't be read")]);
  expect(await post(Buffer.alloc(0))).toEqual([400, expect.stringContaining("empty")]);
  expect(await post(webp)).toEqual([415, expect.stringContaining("no PNG or JPEG")]);
  expect(await post(small, "image/png", "?top=0")).toEqual([400, expect.stringContaining("top is")]);
});
