/** Where pixels lie never changes a result: kept in memory or decoded when they are asked for, on this thread or on several. */
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import sharp from "sharp";
import { pack } from "tar-stream";
import { beforeEach, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { randomPart } from "../../src/data/augment/random-resized-crop.js";
import { decodePicture } from "../../src/data/pictures/decode-picture.js";
import type { Dataset } from "../../src/data/images.js";
import { loadDataset } from "../../src/data/load.js";
import { rowsOf } from "../../src/data/pictures/picture.js";
import { roomFor } from "../../src/data/pictures/room-in-memory.js";
import { temporaryFolder } from "../temporary-folder.js";
import { checkpointBytes, logOf, tinySpace, trainTiny } from "../train/tiny.js";
import { allPixels } from "./all-pixels.js";
import { folderOf } from "./picture-folder.js";

const wishes = { size: 12, channels: 1 } as const;

beforeEach(async () => {
  process.env["XDG_CACHE_HOME"] = await temporaryFolder();
});

/** JPEGs of 40 × 30 pixels, no two alike, in a folder for each class. */
async function photos(count: number, classes = 2): Promise<string> {
  const draw = random("photos");
  const files = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const raw = Buffer.from(Array.from({ length: 12 }, () => draw.integer(256)));
      const small = sharp(raw, { raw: { width: 2, height: 2, channels: 3 } });
      return [`${i % classes}/${i}.jpg`, await small.resize(40, 30, { fit: "fill" }).jpeg().toBuffer()] as const;
    }),
  );
  return folderOf(Object.fromEntries(files));
}

/** All that a data set says of its pictures, at three resolutions. */
async function contentOf({ fingerprint, mean, std, train, test: held }: Dataset) {
  const all = Uint32Array.from({ length: train.count }, (_, i) => i);
  const pixels = [await train.read(all), await train.read(all, 9), await train.read(all, 20)];
  return {
    fingerprint,
    mean,
    std,
    pixels: pixels.map((bytes) => Buffer.from(bytes).toString("base64")),
    held: await allPixels(held),
  };
}

test.each([
  ["a few pictures, decoded on this thread", 20],
  ["many, decoded on several threads", 260],
])("%s: the same pixels, fingerprint and statistics, kept or not, read once or again", async (_, count) => {
  const folder = await photos(count);
  const kept = await contentOf(await loadDataset(folder, { ...wishes, images: "memory" }));
  const known = await contentOf(await loadDataset(folder, { ...wishes, images: "stream" }));
  process.env["XDG_CACHE_HOME"] = await temporaryFolder();
  const streamed = await contentOf(await loadDataset(folder, { ...wishes, images: "stream" }));
  for (const other of [known, streamed]) expect(JSON.stringify(other)).toBe(JSON.stringify(kept));
});

test.each([
  ["the prepared pictures", {}],
  ["random parts", { augmentation: { randomResizedCrop: {} } }],
])("%s, kept or not, with one thread or two, resumed or not: the same checkpoint and log", async (_, recipe) => {
  const folder = await photos(260, 10);
  const run = async (images: "memory" | "stream", threads: number, stopsAfter?: number) => {
    const out = await temporaryFolder();
    const data = await loadDataset(folder, { size: 12, channels: tinySpace.channels, images });
    const options = { out, data, source: folder, threads, steps: 6, recipe };
    const stop = (step: number): void => {
      if (step === stopsAfter) throw new Error("stopped");
    };
    if (stopsAfter !== undefined) await expect(trainTiny({ ...options, onStep: stop })).rejects.toThrow("stopped");
    await trainTiny({ ...options, resume: stopsAfter !== undefined });
    return { bytes: await checkpointBytes(out), log: await logOf(out) };
  };
  const kept = await run("memory", 1);
  expect(await run("stream", 2)).toEqual(kept);
  expect(await run("stream", 1, 4)).toEqual(kept);
});

test("random parts are of the whole picture, not of its middle square, and the same kept or not, decoded here or elsewhere", async () => {
  // Left a third white, right a third black, the middle square grey.
  const raw = Buffer.from([255, 255, 128, 128, 0, 0]);
  const bands = sharp(raw, { raw: { width: 6, height: 1, channels: 1 } });
  const png = await bands.resize(60, 20, { kernel: "nearest", fit: "fill" }).png().toBuffer();
  const files = Array.from({ length: 250 }, (_, i) => [`${i % 2}/${i}.png`, png] as const);
  const folder = await folderOf(Object.fromEntries(files));
  const parts = { scale: [0.2, 0.3], ratio: [1, 1], interpolation: "bilinear", key: [0] } as const;
  const load = (images: "memory" | "stream") => loadDataset(folder, { ...wishes, images });
  const { train: kept } = await load("memory");
  const { train: streamed } = await load("stream");
  const all = Uint32Array.from({ length: kept.count }, (_, i) => i);
  expect((await kept.read(all)).every((grey) => grey > 100 && grey < 156)).toBe(true);
  const first = await kept.readParts(all, parts);
  const greys = new Set(first);
  for (const grey of [0, 128, 255]) expect(greys).toContain(grey);
  const picture = await decodePicture(png, 1);
  all.forEach((index) =>
    expect(first.subarray(index * 144, (index + 1) * 144)).toEqual(
      randomPart(rowsOf(picture), index, parts, 12).pixels,
    ),
  );
  for (const again of [kept, streamed]) expect(await again.readParts(all, parts)).toEqual(first);
  const otherEpoch = await kept.readParts(all, { ...parts, key: [1] });
  expect(otherEpoch).not.toEqual(first);
});

test("a thousand pictures that have not changed are read once; after a change of one, all are read again", async () => {
  const folder = await photos(1000);
  let read = 0;
  const load = () => loadDataset(folder, { ...wishes, onPicture: () => read++ });
  const before = await load();
  expect(read).toBe(1000);
  expect((await load()).fingerprint).toBe(before.fingerprint);
  expect(read).toBe(1000);
  const other = sharp({ create: { width: 9, height: 9, channels: 3, background: "red" } });
  await writeFile(join(folder, "0/0.jpg"), await other.jpeg().toBuffer());
  expect((await load()).fingerprint).not.toBe(before.fingerprint);
  expect(read).toBe(2000);
  await utimes(join(folder, "0/0.jpg"), new Date(), new Date());
  await load();
  expect(read).toBe(3000);
});

test("pictures that a list or shards name are read once, too", async () => {
  const folder = await photos(1000);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".jpg")).sort();
  const list = join(folder, "pictures.csv");
  await writeFile(list, ["path,label", ...names.map((name) => `${name},${name.split("/")[0]}`)].join("\n"));
  const shard = join(await temporaryFolder(), "train-000000.tar");
  const tar = pack();
  for (const name of names) {
    const sample = name.replaceAll("/", "_").replace(".jpg", "");
    tar.entry({ name: `${sample}.jpg` }, await readFile(join(folder, name)));
    tar.entry({ name: `${sample}.cls` }, name.split("/")[0]!);
  }
  tar.finalize();
  await writeFile(shard, await buffer(tar));
  for (const source of [list, shard]) {
    let read = 0;
    const load = () => loadDataset(source, { ...wishes, onPicture: () => read++ });
    expect((await load()).fingerprint).toBe((await load()).fingerprint);
    expect(read).toBe(1000);
  }
});

test("a broken picture among many is refused by name, or skipped and then as if it had never been there", async () => {
  const folder = await photos(260);
  const whole = await loadDataset(folder, { ...wishes, leaveOut: ["0/100.jpg"] });
  await writeFile(join(folder, "0/100.jpg"), Buffer.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3));
  await expect(loadDataset(folder, wishes)).rejects.toMatchObject({
    code: "data/unreadable",
    problems: [expect.objectContaining({ at: join(folder, "0/100.jpg") })],
  });
  const skipped = await loadDataset(folder, { ...wishes, broken: "skip" });
  expect(skipped.broken).toEqual(["0/100.jpg"]);
  expect(skipped.fingerprint).toBe(whole.fingerprint);
});

test("by default half of the free memory beyond 256 MiB holds pixels; all are kept in up to 80 %, or refused with the way out", async () => {
  const free = 2 ** 30;
  expect(await roomFor(10, 1, "stream")).toEqual({ bytes: 0 });
  expect(await roomFor(1e6, 1e6, undefined, free)).toEqual({ bytes: (free - 2 ** 28) / 2 });
  expect(await roomFor(1e6, 1e6, undefined, 2 ** 27)).toEqual({ bytes: 0 });
  const each = 224 * 224 * 3;
  const most = Math.floor((0.8 * free) / each);
  expect(await roomFor(most, each, "memory", free)).toEqual({ bytes: most * each });
  await expect(roomFor(most + 1, each, "memory", free)).rejects.toMatchObject({ code: "data/memory" });
  await expect(roomFor(12_000, 1024 * 1024 * 3, "memory", free)).rejects.toMatchObject({
    message:
      "the data set is 12000 pictures of 3145728 bytes each, 35.2 GiB decoded; want at most 819.2 MiB, 80 % of the 1.0 GiB that are free. " +
      "Leave --images out: as many are kept as there is room for, with the same result.",
  });
});
